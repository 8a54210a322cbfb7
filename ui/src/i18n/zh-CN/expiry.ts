/** 到期日历。 */
export const expiry = {
  title: '到期日历',
  open: '到期日历',
  openWarn: '到期日历（{n} 项临近）',
  hint: '密钥按登记日期，证书按最近一次测试所见。到期前 60、30、7 天提醒。',
  soon: '即将到期',
  none: '尚不知道任何到期日',
  noneText: '测试连接后会记下证书的到期日；密钥的到期日可在连接的“认证”中登记。',
  left: '还有 {n} 天',
  overFor: '已过期 {n} 天',
  span: {
    over: '已过期',
    week: '7 天内',
    month: '30 天内',
    two_months: '60 天内',
    later: '以后',
  },
  kind: {
    secret: '密钥',
    next_secret: '待启用的密钥',
    token: '令牌',
    server_certificate: '服务端证书',
    client_certificate: '客户端证书',
    ca_bundle: '附加 CA 证书',
    site_key: '站点标识',
    site_certificate: '站点证书',
  },
}
