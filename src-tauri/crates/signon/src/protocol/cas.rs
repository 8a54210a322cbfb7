//! CAS: a ticket for a service, validated once.
//!
//! Source: CAS Protocol 3.0 Specification. The service is our callback with the state in it, because
//! CAS has no state of its own; the ticket is only valid for exactly that service.

use futures_util::future::BoxFuture;
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};
use url::Url;

use super::{
    Begun, Logout, LogoutReach, Protocol, Received, Trip, address, below, missing_logout, with,
};
use crate::error::SignOnError;
use crate::finding::{Finding, FindingKind};
use crate::journal::StepKind;
use crate::loopback::Answer;
use crate::settings::Cas;
use crate::web::{Send, shown};

/// Elements of an answer at most.
const MOST_NODES: u32 = 10_000;

/// A service of a CAS server.
pub(super) struct Service {
    own: Cas,
    return_to: Option<Url>,
    findings: Vec<Finding>,
}

impl Service {
    pub(super) fn new(own: &Cas) -> Self {
        Self {
            own: own.clone(),
            return_to: None,
            findings: Vec::new(),
        }
    }
}

impl Protocol for Service {
    fn begin<'a>(&'a mut self, trip: &'a Trip) -> BoxFuture<'a, Result<Begun, SignOnError>> {
        Box::pin(async move {
            let service = if trip.carries_state {
                trip.return_with_state()
            } else {
                self.findings
                    .push(Finding::new(FindingKind::NoState, shown(&trip.return_to)));
                trip.return_to.clone()
            };
            let mut open = with(below("server", &self.own.server, "login")?, &self.own.extra);
            open.query_pairs_mut()
                .append_pair("service", service.as_str());
            self.return_to = Some(service);
            Ok(Begun {
                open,
                expects: trip.expects("ticket", trip.carries_state),
                findings: self.findings.clone(),
            })
        })
    }

    fn finish<'a>(
        &'a mut self,
        answer: &'a Answer,
        trip: &'a Trip,
    ) -> BoxFuture<'a, Result<Received, SignOnError>> {
        Box::pin(async move {
            let ticket = answer
                .get("ticket")
                .ok_or_else(|| SignOnError::Missing("ticket".into()))?;
            trip.web.hide(ticket);
            let service = self
                .return_to
                .take()
                .ok_or_else(|| SignOnError::Missing("service".into()))?;
            let path = if self.own.version == 2 {
                "serviceValidate"
            } else {
                "p3/serviceValidate"
            };
            let place = below("server", &self.own.server, path)?;
            let params = [
                ("service".to_owned(), service.to_string()),
                ("ticket".to_owned(), ticket.to_owned()),
            ];
            let work = async {
                let (status, text) = trip.web.send(&place, Send::Query, &params, &[]).await?;
                if status >= 400 {
                    return Err(SignOnError::Refused {
                        code: status.to_string(),
                        what: String::new(),
                    });
                }
                validated(&text, |words| trip.web.told(words))
            };
            let found = trip
                .journal
                .during(StepKind::Exchange, shown(&place), work)
                .await?;
            let claims = trip.claims(Value::Object(found)).await?;
            let mut local = below("server", &self.own.server, "logout")?;
            local
                .query_pairs_mut()
                .append_pair("service", shown(&service).as_str());
            let mut logouts = vec![Logout {
                reach: LogoutReach::Local,
                address: local,
                in_browser: true,
            }];
            if !self.own.province_logout.is_empty() {
                logouts.push(Logout {
                    reach: LogoutReach::Province,
                    address: address("province_logout", &self.own.province_logout)?,
                    in_browser: true,
                });
            }
            let mut findings = self.findings.clone();
            findings.extend(missing_logout(&logouts));
            Ok(Received {
                claims,
                findings,
                logouts,
            })
        })
    }
}

/// The claims of an answer: the user as `user`, and each attribute. One that comes several times is a
/// list.
fn validated(text: &str, told: impl Fn(&str) -> String) -> Result<Map<String, Value>, SignOnError> {
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MOST_NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options)
        .map_err(|error| SignOnError::Answer(format!("no XML: {error}")))?;
    let named = |parent: Node<'_, '_>, name: &str| {
        parent
            .children()
            .find(|node| node.is_element() && node.tag_name().name() == name)
            .map(|node| node.id())
    };
    let root = document.root_element();
    if root.tag_name().name() != "serviceResponse" {
        return Err(SignOnError::Answer("it is no serviceResponse".into()));
    }
    if let Some(failure) = named(root, "authenticationFailure").and_then(|id| document.get_node(id))
    {
        return Err(SignOnError::Refused {
            code: told(failure.attribute("code").unwrap_or("")),
            what: told(failure.text().unwrap_or("").trim()),
        });
    }
    let success = named(root, "authenticationSuccess")
        .and_then(|id| document.get_node(id))
        .ok_or_else(|| SignOnError::Answer("it says neither success nor failure".into()))?;
    let mut claims = Map::new();
    let user = named(success, "user")
        .and_then(|id| document.get_node(id))
        .and_then(|node| node.text())
        .map(str::trim)
        .filter(|user| !user.is_empty())
        .ok_or_else(|| SignOnError::Answer("it names no user".into()))?;
    let attributes = named(success, "attributes").and_then(|id| document.get_node(id));
    for node in attributes.iter().flat_map(Node::children) {
        if !node.is_element() {
            continue;
        }
        let value = Value::String(node.text().unwrap_or("").trim().to_owned());
        match claims.get_mut(node.tag_name().name()) {
            None => {
                claims.insert(node.tag_name().name().to_owned(), value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    claims.insert("user".into(), Value::String(user.to_owned()));
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Map<String, Value>, SignOnError> {
        let text = format!(
            "<cas:serviceResponse xmlns:cas='http://www.yale.edu/tp/cas'>{body}</cas:serviceResponse>"
        );
        validated(&text, str::to_owned)
    }

    #[test]
    fn an_attribute_that_comes_twice_is_a_list() {
        let claims = read("<cas:authenticationSuccess><cas:user> u1 </cas:user><cas:attributes><cas:role>a</cas:role><cas:role>b</cas:role><cas:name>张三</cas:name></cas:attributes></cas:authenticationSuccess>").unwrap();
        assert_eq!(
            Value::Object(claims),
            serde_json::json!({"role": ["a", "b"], "name": "张三", "user": "u1"})
        );
    }

    #[test]
    fn a_failure_is_told_with_its_code() {
        let error = read("<cas:authenticationFailure code='INVALID_TICKET'>not recognised</cas:authenticationFailure>").unwrap_err();
        assert_eq!(
            error,
            SignOnError::Refused {
                code: "INVALID_TICKET".into(),
                what: "not recognised".into()
            }
        );
    }

    #[test]
    fn an_answer_without_a_user_or_with_a_document_type_is_refused() {
        assert!(read("<cas:authenticationSuccess/>").is_err());
        let bomb = "<!DOCTYPE a [<!ENTITY b 'c'>]><serviceResponse/>";
        assert!(validated(bomb, str::to_owned).is_err());
    }
}
