//! Which way a call goes: directly or through which proxy, and why.

use base64::Engine as _;
use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use crate::error::ExchangeError;
use crate::network::{Network, ProxyMode};
use crate::secrets::Secrets;

/// Why a call goes the way it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The connection has its own proxy.
    Own,
    /// The system says so.
    System,
    /// The connection's bypass list names the host.
    Bypass,
    /// The system names no proxy for the host.
    SystemNone,
    /// The connection's proxy is off.
    Off,
}

impl Why {
    /// Its code.
    pub const fn code(self) -> &'static str {
        match self {
            Why::Own => "own",
            Why::System => "system",
            Why::Bypass => "bypass",
            Why::SystemNone => "system_none",
            Why::Off => "off",
        }
    }
}

/// The way of a call. The proxy's address has user and password where it asks for them.
#[derive(Clone)]
pub struct Route {
    /// The proxy.
    pub proxy: Option<Url>,
    /// Why.
    pub why: Why,
}

impl Route {
    /// The proxy's address without user and password.
    pub fn shown(&self) -> Option<String> {
        let mut url = self.proxy.clone()?;
        // An http address can have both taken away.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Some(url.as_str().trim_end_matches('/').to_owned())
    }

    /// The value of `Proxy-Authorization`, where the proxy asks for it.
    pub fn authorization(&self) -> Option<String> {
        let url = self.proxy.as_ref()?;
        if url.username().is_empty() {
            return None;
        }
        let decoded = |text: &str| percent_decoded(text);
        let pair = format!(
            "{}:{}",
            decoded(url.username()),
            decoded(url.password().unwrap_or(""))
        );
        let text = base64::engine::general_purpose::STANDARD.encode(pair);
        Some(format!("Basic {text}"))
    }
}

/// Finds the way of calls.
pub struct Router {
    matcher: Option<Matcher>,
    mode: ProxyMode,
    login: Option<(String, String)>,
}

impl Router {
    /// A router for a connection.
    ///
    /// # Errors
    /// [`ExchangeError::Settings`] when the settings cannot be used.
    pub fn new(network: &Network, secrets: &Secrets) -> Result<Self, ExchangeError> {
        network.validate()?;
        let proxy = &network.proxy;
        let matcher = match proxy.mode {
            ProxyMode::None => None,
            ProxyMode::System => Some(Matcher::from_system()),
            ProxyMode::Own => {
                // "*.example" is how many people write a suffix.
                let bypass: Vec<&str> = proxy
                    .bypass
                    .iter()
                    .map(|entry| entry.trim())
                    .map(|entry| match entry.strip_prefix("*.") {
                        Some(suffix) => suffix,
                        None => entry,
                    })
                    .collect();
                Some(
                    Matcher::builder()
                        .all(proxy.address.trim())
                        .no(bypass.join(","))
                        .build(),
                )
            }
        };
        let login = (proxy.mode == ProxyMode::Own && !proxy.user.is_empty())
            .then(|| (proxy.user.clone(), secrets.proxy_password().to_owned()));
        Ok(Self {
            matcher,
            mode: proxy.mode,
            login,
        })
    }

    /// The way to `url`.
    pub fn route(&self, url: &Url) -> Route {
        let direct = |why| Route { proxy: None, why };
        let Some(matcher) = &self.matcher else {
            return direct(Why::Off);
        };
        let (none, found) = match self.mode {
            ProxyMode::System => (Why::SystemNone, Why::System),
            ProxyMode::Own => (Why::Bypass, Why::Own),
            ProxyMode::None => return direct(Why::Off),
        };
        let place = format!("{}://{}", url.scheme(), url.authority());
        let Some(hit) = place
            .parse::<http::Uri>()
            .ok()
            .and_then(|uri| matcher.intercept(&uri))
        else {
            return direct(none);
        };
        let Ok(mut proxy) = Url::parse(&hit.uri().to_string()) else {
            return direct(none);
        };
        let login = self.login.clone().or_else(|| {
            let text = hit.basic_auth()?.to_str().ok()?.strip_prefix("Basic ")?;
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(text)
                .ok()?;
            let pair = String::from_utf8(bytes).ok()?;
            let (user, password) = pair.split_once(':')?;
            Some((user.to_owned(), password.to_owned()))
        });
        if let Some((user, password)) = login {
            // An http address can have both.
            let _ = proxy.set_username(&user);
            let _ = proxy.set_password(Some(&password));
        }
        Route {
            proxy: Some(proxy),
            why: found,
        }
    }
}

fn percent_decoded(text: &str) -> String {
    // A form gives + and & a meaning; in an address they are themselves.
    url::form_urlencoded::parse(text.replace('+', "%2B").replace('&', "%26").as_bytes())
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Proxy;

    fn router(bypass: &[&str]) -> Router {
        let network = Network {
            proxy: Proxy {
                mode: ProxyMode::Own,
                address: "http://proxy.example:8080".into(),
                user: "user@部".into(),
                bypass: bypass.iter().map(|entry| (*entry).to_owned()).collect(),
            },
            ..Network::default()
        };
        let secrets = Secrets::default().with_proxy_password(Some("p:a+b&c=d".into()));
        Router::new(&network, &secrets).unwrap()
    }

    fn why(router: &Router, url: &str) -> Why {
        router.route(&Url::parse(url).unwrap()).why
    }

    #[test]
    fn hosts_suffixes_and_ranges_are_reached_directly() {
        let router = router(&["a.example", "*.gov.cn", "10.0.0.0/8", "192.168.1.7"]);
        for direct in [
            "https://a.example/x",
            "https://b.a.example:8443/",
            "https://www.gov.cn/",
            "https://10.200.1.1/",
            "http://192.168.1.7:81/",
        ] {
            assert_eq!(why(&router, direct), Why::Bypass, "{direct}");
        }
        for proxied in [
            "https://nota.example/",
            "https://11.0.0.1/",
            "https://192.168.1.8/",
        ] {
            assert_eq!(why(&router, proxied), Why::Own, "{proxied}");
        }
    }

    #[test]
    fn what_is_shown_of_a_proxy_has_no_password_and_the_proxy_gets_it_whole() {
        let route = router(&[]).route(&Url::parse("https://x.example/").unwrap());
        assert_eq!(route.shown().as_deref(), Some("http://proxy.example:8080"));
        // printf 'user@部:p:a+b&c=d' | base64
        assert_eq!(
            route.authorization().as_deref(),
            Some("Basic dXNlckDpg6g6cDphK2ImYz1k")
        );
    }

    #[test]
    fn a_proxy_that_is_off_is_not_used() {
        let network = Network {
            proxy: Proxy {
                mode: ProxyMode::None,
                address: "http://proxy.example:8080".into(),
                ..Proxy::default()
            },
            ..Network::default()
        };
        let router = Router::new(&network, &Secrets::default()).unwrap();
        assert_eq!(why(&router, "https://x.example/"), Why::Off);
    }
}
