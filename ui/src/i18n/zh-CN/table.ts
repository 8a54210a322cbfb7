/** 前置库的表。 */
export const table = {
  table: '表名',
  tableHint: '如 exchange.up_pro_accept',
  key: '标识一行的字段',
  keyHint: '留空用主键；回车添加',
  rows: '每批行数',
  polling: '增量方式',
  kind: { all: '全部读取', flag: '同步标志', time: '时间', batch: '批次' },
  hint: {
    all: '每次读取整张表；内容未变的行不会重复入库。只需只读账号。',
    flag: '增量时只读标志为待同步值的行，标志由对方维护。只需只读账号。',
    time: '增量时只读上次之后写入的行，并回看一段以免遗漏迟到的行。只需只读账号。',
    batch: '增量时从上次读到的批次起读取，批次号应递增。只需只读账号。',
  },
  column: '字段',
  pending: '待同步的值',
  overlap: '回看（秒）',
  receipts: '回执',
  receiptsHint:
    '数据在本地落库后写回：已接收、已拒收及原因（只写规则与字段，不含数据）。表中没有的字段不写。需要更新权限。',
  receipt: {
    accepted: '已接收时标志写为',
    rejected: '已拒收时标志写为',
    reason_column: '原因字段',
    time_column: '时间字段',
  },
}
