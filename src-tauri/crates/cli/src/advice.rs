//! Words of the advice codes of a connection test, the same as in the window.

/// Code, Chinese, English; sorted by code.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "accounting",
        "计数不平，本次运行不可信，请反馈。",
        "The counters do not add up; this run cannot be trusted. Please report it.",
    ),
    (
        "bad_request",
        "服务端不接受请求参数，请检查分页与增量参数。",
        "The provider does not accept the parameters. Check paging and increment.",
    ),
    (
        "cert_expired",
        "服务端证书已过期，请联系服务端更换证书；勿关闭校验。",
        "The server’s certificate has expired. Ask the provider to renew it.",
    ),
    (
        "cert_expires_soon",
        "服务端证书将在 30 天内到期，请提醒服务端更换。",
        "The server’s certificate ends within 30 days. Remind the provider.",
    ),
    (
        "cert_name_mismatch",
        "证书与所填域名不符，请改用证书中的域名作为基础地址。",
        "The certificate is for another name. Use a name of the certificate as base address.",
    ),
    (
        "cert_not_yet_valid",
        "服务端证书尚未生效，请核对本机时间，或联系服务端。",
        "The server’s certificate is not valid yet. Check this machine’s clock, or ask the provider.",
    ),
    (
        "cert_revoked",
        "服务端证书已被吊销，请勿继续，联系服务端。",
        "The server’s certificate was revoked. Do not go on; ask the provider.",
    ),
    (
        "cert_self_signed",
        "服务端证书为自签名。核实指纹后，可将该证书粘贴到“网络”中的附加 CA 证书。",
        "The server’s certificate is signed by itself. Once verified with the provider, paste it under network as an extra authority.",
    ),
    (
        "cert_unknown_ca",
        "签发机构不受信任，或服务端未发送中间证书。请将签发机构的证书粘贴到“网络”中的附加 CA 证书。",
        "The authority is not trusted, or the server does not send its intermediate. Paste the authority’s certificate under network.",
    ),
    (
        "client_cert_expires_soon",
        "客户端证书已过期或将在 30 天内到期，请申请新证书。",
        "The client certificate has ended or ends within 30 days. Apply for a new one.",
    ),
    (
        "client_cert_missing",
        "服务端要求客户端证书，请在“网络”中导入证书与私钥。",
        "The server wants a client certificate. Add certificate and key under network.",
    ),
    (
        "client_cert_refused",
        "服务端不接受该客户端证书，请核对是否由其指定机构签发、是否过期。",
        "The server does not take this client certificate. Check its issuer and its end.",
    ),
    (
        "clock",
        "本机与服务端的时间相差超过 1 分钟，请校准本机时间。",
        "The clocks are more than a minute apart. Set this machine’s clock.",
    ),
    (
        "clock_too_far",
        "本机与服务端的时间相差超过 5 分钟，带时间的签名会被拒绝，请先校准本机时间。",
        "The clocks are more than five minutes apart, so signatures over the time are refused. Set this machine’s clock first.",
    ),
    (
        "connect",
        "请检查端口、防火墙与服务端是否已启动。",
        "Check the port, the firewall and whether the provider is up.",
    ),
    (
        "connect_timeout",
        "该地址没有任何应答，多半是防火墙丢弃了报文或地址、端口有误。",
        "Nothing answers at this address: usually a firewall drops it, or address or port are wrong.",
    ),
    (
        "cursor_loop",
        "游标没有前进，请检查游标位置。",
        "The cursor does not move. Check its place.",
    ),
    (
        "empty",
        "样本为空，请向服务端确认是否已有数据。",
        "The sample is empty. Ask the provider whether there is data.",
    ),
    (
        "forbidden",
        "该标识无权访问此数据集，请向服务端申请授权。",
        "This id may not read the dataset. Ask the provider for permission.",
    ),
    (
        "https_needed",
        "该端口只接受 HTTPS，请将基础地址改为 https://。",
        "This port speaks HTTPS. Begin the base address with https://.",
    ),
    (
        "malformed_json",
        "返回的 JSON 不完整或有误，请联系服务端。",
        "The JSON is broken. Ask the provider.",
    ),
    (
        "mapping",
        "样本全部不合规，多半是字段映射或记录位置有误。",
        "Every sample record breaks a rule: most likely the mapping or the place of records is wrong.",
    ),
    (
        "mapping_missing",
        "样本中有必填字段没有取到值，请在字段映射中补全来源。",
        "Required fields have no value in the sample. Name their sources in the mapping.",
    ),
    (
        "name_resolution",
        "请检查地址是否正确，本机 DNS 能否解析该域名。",
        "Check the address, and whether this machine’s DNS knows the name.",
    ),
    (
        "name_timeout",
        "域名解析没有按时返回，请检查本机 DNS 设置。",
        "The name was not resolved in time. Check this machine’s DNS.",
    ),
    (
        "not_encrypted",
        "连接未加密，仅适用于本机或内部测试环境。",
        "Not encrypted: only for this machine or a test environment.",
    ),
    (
        "not_found",
        "请检查该数据集的路径。",
        "Check the path of the dataset.",
    ),
    (
        "nothing_received",
        "全量同步没有收到记录，请向服务端确认。",
        "A full run received nothing. Ask the provider.",
    ),
    (
        "page_drift",
        "读取期间记录在页间移动，请稍后再次全量同步。",
        "Records moved between pages while reading. Run a full synchronisation again later.",
    ),
    (
        "pages_exceeded",
        "页数超过上限，请检查分页参数。",
        "Too many pages. Check the paging.",
    ),
    (
        "plain_http",
        "该端口是未加密的 HTTP，请检查端口；仅测试环境可改用 http://。",
        "This port speaks plain HTTP. Check the port; only a test environment may use http://.",
    ),
    (
        "provider_error",
        "服务端内部错误，请稍后再试或联系对方。",
        "An error inside the provider. Try later, or ask them.",
    ),
    (
        "provider_refused",
        "服务端以成功状态返回了错误，请按其说明处理。",
        "The provider answered with an error inside a success. Follow its message.",
    ),
    (
        "proxy_auth",
        "代理要求身份验证，请在“网络”中填写代理用户名与密码。",
        "The proxy wants user and password. Enter them under network.",
    ),
    (
        "proxy_protocol",
        "该地址不是 HTTP 代理，请检查代理地址与端口。",
        "That is no HTTP proxy. Check the proxy’s address and port.",
    ),
    (
        "proxy_refused",
        "代理拒绝了访问，请联系代理管理员放行该地址，或将其列入直连名单。",
        "The proxy refuses the call. Have the address allowed there, or add it to the bypass list.",
    ),
    (
        "proxy_target",
        "代理连不上服务端，请检查服务端地址，或将其列入直连名单。",
        "The proxy cannot reach the provider. Check the address, or add it to the bypass list.",
    ),
    (
        "proxy_timeout",
        "代理没有按时应答，请检查代理是否正常。",
        "The proxy does not answer in time. Check whether it works.",
    ),
    (
        "proxy_unreachable",
        "无法连接代理服务器，请检查代理地址与端口，或改为不使用代理。",
        "The proxy cannot be reached. Check its address and port, or switch it off.",
    ),
    (
        "rate_limited",
        "服务端限流，请降低每秒请求数。",
        "The provider limits requests. Lower the requests a second.",
    ),
    (
        "redirect_refused",
        "服务端要求跳转到其他主机，已拒绝。",
        "The provider redirects to another host; this was refused.",
    ),
    (
        "reject_rate",
        "拒收率超过上限，已停下等待处理：请查看异常数据的主要原因，修正映射或调高上限后再次同步。",
        "More rows were rejected than the limit: look at the main causes, mend the mapping or raise the limit, and synchronise again.",
    ),
    (
        "repeated_page",
        "服务端重复返回同一页，请检查分页参数。",
        "The provider repeats a page. Check the paging.",
    ),
    (
        "reset",
        "连接被对方关闭，请检查网络与代理。",
        "The other side closed the connection. Check network and proxy.",
    ),
    (
        "scale_reversed",
        "多数评价与满意度方向相反，请在连接设置中核对“满意度方向”。",
        "Most reviews contradict the satisfaction scale. Check it in the connection’s settings.",
    ),
    (
        "settings",
        "请检查设置中标出的项目。",
        "Check the setting that is named.",
    ),
    (
        "sign_in_page",
        "返回的是登录页面，请检查路径是否指向接口，或是否被网关拦截。",
        "The answer is a page to sign in. Check that the path is the interface, and gateways in between.",
    ),
    (
        "storage",
        "本地数据库写入失败，请检查磁盘空间。",
        "The cache could not be written. Check the disk space.",
    ),
    (
        "timeout",
        "服务端没有按时响应，请检查网络，或在“网络”中延长超时。",
        "No answer in time. Check the network, or extend the time-outs.",
    ),
    (
        "tls",
        "请检查服务端证书的有效期、域名与签发机构。",
        "Check the certificate: expiry, name and issuer.",
    ),
    (
        "tls_version",
        "双方没有共同的加密版本，服务端可能只支持过时的 TLS，请联系对方升级。",
        "No common TLS version or cipher. The server may only know old ones; ask for an upgrade.",
    ),
    (
        "too_deep",
        "响应嵌套过深，请检查路径。",
        "The answer is nested too deeply. Check the path.",
    ),
    (
        "too_large",
        "响应超过上限，请减小每页条数。",
        "The answer is too large. Lower the page size.",
    ),
    (
        "truncated_body",
        "响应中途中断，请检查网络与代理。",
        "The answer broke off. Check network and proxy.",
    ),
    (
        "unauthorised",
        "请检查标识与密钥是否正确、是否过期。",
        "Check id and secret, and whether they have expired.",
    ),
    (
        "unauthorised_dataset",
        "其他数据集认证通过，仅此数据集被拒，请检查服务编码与授权。",
        "Other datasets take the credentials and this one does not. Check its service number and permission.",
    ),
    (
        "wrong_content_type",
        "返回的不是 JSON，请检查路径是否指向接口。",
        "The answer is not JSON. Check whether the path is the interface.",
    ),
    (
        "wrong_pointer",
        "在响应中找不到记录，请检查记录位置。",
        "No records at that place in the answer. Check the place of records.",
    ),
    (
        "wrong_protocol",
        "该端口不是 HTTP 服务，请检查端口。",
        "This port speaks something else than HTTP. Check the port.",
    ),
    (
        "wrong_signature",
        "签名未通过，请检查标识与密钥是否成对、是否有多余空格。",
        "The signature was not accepted. Check that id and secret belong together and have no stray spaces.",
    ),
];

/// The words of a code, Chinese and English.
pub fn words(code: &str) -> Option<(&'static str, &'static str)> {
    WORDS
        .binary_search_by_key(&code, |row| row.0)
        .ok()
        .and_then(|place| WORDS.get(place))
        .map(|row| (row.1, row.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: [&str; 4] = [
        include_str!("../../../../ui/src/i18n/zh-CN/advice.ts"),
        include_str!("../../../../ui/src/i18n/zh-CN/connections.ts"),
        include_str!("../../../../ui/src/i18n/en/advice.ts"),
        include_str!("../../../../ui/src/i18n/en/connections.ts"),
    ];

    #[test]
    fn every_code_is_found_and_has_the_words_of_the_window() {
        for (code, zh, en) in WORDS {
            assert_eq!(words(code), Some((*zh, *en)), "{code}");
            for text in [zh, en] {
                let quoted = format!("'{text}'");
                assert!(
                    WINDOW.iter().any(|file| file.contains(&quoted)),
                    "{code}: the window says something else than {text}"
                );
            }
        }
    }

    #[test]
    fn every_fault_has_words() {
        for fault in zhengqiao_exchange::Fault::ALL {
            assert!(words(fault.code()).is_some(), "{}", fault.code());
        }
    }
}
