//! A browser without a window: cookies, forms, redirects one by one.

use std::collections::BTreeMap;

use reqwest::redirect::Policy;
use url::Url;

/// A page that was reached.
pub struct Page {
    pub address: Url,
    pub status: u16,
    pub text: String,
}

/// A person's browser.
pub struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<(String, String), String>,
    /// An address that begins so is not opened but given back.
    pub stops_at: Option<String>,
}

impl Default for Browser {
    fn default() -> Self {
        Self {
            client: reqwest::Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .build()
                .unwrap(),
            cookies: BTreeMap::new(),
            stops_at: None,
        }
    }
}

impl Browser {
    /// A browser that gives such an address back instead of opening it.
    pub fn stopping_at(start: &str) -> Self {
        Self {
            stops_at: Some(start.to_owned()),
            ..Self::default()
        }
    }

    /// Opens an address and goes where it leads.
    pub async fn open(&mut self, address: &Url) -> Page {
        self.go(address.clone(), None).await
    }

    /// Sends the first form of a page, its hidden fields with it.
    pub async fn submit(&mut self, page: &Page, filled: &[(&str, &str)]) -> Page {
        let form = page
            .text
            .split("<form")
            .skip(1)
            .find(|form| !filled.is_empty() || form.contains("submit"))
            .unwrap_or_else(|| panic!("no form at {}: {}", page.address, page.text));
        let form = form.split("</form>").next().unwrap();
        let action = attribute(form.split('>').next().unwrap(), "action").unwrap_or_default();
        let target = page.address.join(&action.replace("&amp;", "&")).unwrap();
        let mut fields: Vec<(String, String)> = form
            .split("<input")
            .skip(1)
            .filter_map(|input| {
                let input = input.split('>').next()?;
                let name = attribute(input, "name")?;
                (attribute(input, "type").as_deref() == Some("hidden"))
                    .then(|| (name, attribute(input, "value").unwrap_or_default()))
            })
            .collect();
        fields.extend(
            filled
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        self.go(target, Some(fields)).await
    }

    async fn go(&mut self, mut address: Url, mut fields: Option<Vec<(String, String)>>) -> Page {
        for _ in 0..15 {
            if self
                .stops_at
                .as_ref()
                .is_some_and(|start| address.as_str().starts_with(start.as_str()))
            {
                return Page {
                    address,
                    status: 0,
                    text: String::new(),
                };
            }
            let host = format!("{}:{:?}", address.host_str().unwrap(), address.port());
            let cookies: Vec<String> = self
                .cookies
                .iter()
                .filter(|((of, _), _)| *of == host)
                .map(|((_, name), value)| format!("{name}={value}"))
                .collect();
            let request = match fields.take() {
                Some(fields) => self.client.post(address.clone()).form(&fields),
                None => self.client.get(address.clone()),
            };
            let response = request
                .header("cookie", cookies.join("; "))
                .send()
                .await
                .unwrap();
            for cookie in response.headers().get_all("set-cookie") {
                let pair = cookie.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = pair.split_once('=').unwrap();
                self.cookies
                    .insert((host.clone(), name.to_owned()), value.to_owned());
            }
            let status = response.status().as_u16();
            let next = response
                .headers()
                .get("location")
                .filter(|_| (300..400).contains(&status))
                .map(|place| address.join(place.to_str().unwrap()).unwrap());
            let Some(next) = next else {
                return Page {
                    address,
                    status,
                    text: response.text().await.unwrap(),
                };
            };
            address = next;
        }
        panic!("too many redirects, last to {address}")
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.find(&format!("{name}=\""))? + name.len() + 2;
    Some(tag[at..].split('"').next()?.to_owned())
}
