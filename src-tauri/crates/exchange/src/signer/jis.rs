//! JIS (大汉): MD5 over mark, word and time, with the service's name and wrapped parameters. Weak.

use zeroize::Zeroizing;

use super::digests::md5;
use super::stamps::Stamps;
use super::{Ingredients, Outgoing, Payload, SignError, Signer};
use crate::auth::{Jis, WrapIn};
use crate::forms::hex;

/// Signs for one application.
pub struct Signing {
    family: Jis,
    app_word: Zeroizing<String>,
    stamps: Stamps,
}

impl Signing {
    /// A signer for an application and its word.
    pub fn new(family: &Jis, app_word: &str) -> Self {
        Self {
            family: family.clone(),
            app_word: Zeroizing::new(app_word.to_owned()),
            stamps: Stamps::default(),
        }
    }
}

/// Hexadecimal of MD5(appmark + appword + time).
///
/// Source: practice of the JIS interfaces.
pub fn jis_sign(app_mark: &str, app_word: &str, time: &str) -> String {
    hex(md5([app_mark, app_word, time].concat().as_bytes()))
}

impl Signer for Signing {
    fn sign(&self, request: &mut Outgoing, with: Ingredients<'_>) -> Result<(), SignError> {
        let params = serde_json::Value::Object(request.take_params()).to_string();
        let form = self.family.time_form;
        let same = format!("{} {params}", request.service_id);
        let time = form.write(self.stamps.next(same, with.now_ms, form.step_ms()));
        let sign = jis_sign(&self.family.app_mark, &self.app_word, &time);
        let fields = vec![
            ("appmark".to_owned(), self.family.app_mark.clone()),
            ("time".to_owned(), time),
            ("sign".to_owned(), sign),
            ("servicename".to_owned(), request.service_id.clone()),
            ("params".to_owned(), params),
        ];
        match self.family.wrap_in {
            WrapIn::Form => request.body = Payload::Form(fields),
            WrapIn::Query => request.query = fields,
            WrapIn::JsonBody => {
                let fields = fields.into_iter().map(|(name, value)| (name, value.into()));
                request.body = Payload::Json(fields.collect());
            }
        }
        Ok(())
    }

    fn may_pass_anew(&self) -> bool {
        // A time stamp of a second cannot tell two requests of two programs apart.
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Method, ParamsIn};

    #[test]
    fn the_signature_is_that_of_an_independent_program() {
        // printf 'jmportalappword20231115061320' | md5sum
        assert_eq!(
            jis_sign("jmportal", "appword", "20231115061320"),
            "4bb8de878975a95dfc3ccf409f1d4b6b"
        );
    }

    #[test]
    fn parameters_are_wrapped_with_the_services_name() {
        let family = Jis {
            app_mark: "jmportal".into(),
            ..Jis::default()
        };
        let signing = Signing::new(&family, "appword");
        let with = Ingredients {
            now_ms: 1_700_000_000_000,
            nonce: "",
            granted: None,
        };
        let ask = || {
            let params = [("page".to_owned(), "1".to_owned())];
            let mut request = Outgoing::new(Method::Post, "jis", &params, ParamsIn::JsonBody);
            request.service_id = "listCases".into();
            signing.sign(&mut request, with).unwrap();
            let Payload::Form(fields) = request.body else {
                panic!("a form")
            };
            fields
        };
        let (first, second) = (ask(), ask());
        assert_eq!(first[1].1, "20231115061320");
        assert_eq!(first[3].1, "listCases");
        assert_eq!(first[4].1, r#"{"page":1}"#);
        // The same request again is a second later, so that it is not taken for a repeated one.
        assert_eq!(second[1].1, "20231115061321");
    }
}
