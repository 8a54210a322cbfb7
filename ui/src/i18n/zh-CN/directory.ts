/** Words of the sources of portal accounts: SCIM services and directories. */
export const directory = {
  path: '用户路径',
  scimRows: '每页用户数',
  ldapRows: '每页条目数',
  filter: '筛选条件',
  attributes: '读取的属性（逗号分隔，留空为全部）',
  paging: '分页方式',
  pagings: { offered: '按服务端声明', index: '按序号', cursor: '按游标' },
  scimHint:
    '增量时只读 meta.lastModified 在上次之后的用户；服务端未声明支持筛选时读取全部。映射的来源名称用 SCIM 路径书写，如 name.formatted、phoneNumbers[type eq "mobile"].value。',
  base: '上级条目',
  scope: '查找范围',
  scopes: { subtree: '全部下级', one_level: '仅直接下级' },
  time: '更新时间属性（留空则每次读取全部）',
  ldapHint:
    '地址写作 ldaps://主机；ldap://主机 会先以 StartTLS 加密，仅本机除外。用户名填登录用的条目名称。不跟随转介。多值属性以分号连接，二进制属性以 Base64 表示。',
}
