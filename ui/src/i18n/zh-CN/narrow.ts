/** 一个数据集怎样按范围读取。 */
export const narrow = {
  title: '按范围读取',
  hint: {
    http: '对方支持的参数；时段留空则用增量的时间窗。留空的部门、区划参数表示对方不支持。',
    database: '时段与编号按映射的列筛选；部门、区划的列名与映射不同时在此填写。',
    file: '文件总是全部读取，范围外的数据在本机略去。',
    scim: '范围外的用户在本机略去。',
    ldap: '范围外的条目在本机略去。',
  },
  ownWindow: '时段使用另外的参数',
  fromParam: '开始时间参数',
  toParam: '结束时间参数',
  byIds: '可按编号读取',
  idsParam: '编号参数',
  separator: '分隔符',
  most: '每次最多编号数',
  departmentParam: '部门参数',
  regionParam: '区划参数',
  departmentColumn: '部门列',
  regionColumn: '区划列',
  onlyDepartment: '始终只读取此部门（代码）',
  onlyRegion: '始终只读取此区划（代码）',
}
