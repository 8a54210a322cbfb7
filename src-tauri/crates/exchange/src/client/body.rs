//! The body of an answer.

use bytes::{Bytes, BytesMut};

use crate::error::Fault;
use crate::failure::{Failure, chain, network};

/// A body up to its limit, without a byte order mark.
pub(crate) async fn read_body(
    mut response: reqwest::Response,
    limit: u64,
    proves: bool,
) -> Result<Bytes, Failure> {
    let too_large = || {
        Failure::new(
            Fault::TooLarge,
            format!("the body is larger than {limit} bytes"),
        )
    };
    let told = response.content_length();
    if told.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body =
        BytesMut::with_capacity(usize::try_from(told.unwrap_or(64 * 1024)).unwrap_or(64 * 1024));
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                body.extend_from_slice(&chunk);
                if body.len() as u64 > limit {
                    return Err(too_large());
                }
            }
            Ok(None) => break,
            Err(error) if error.is_timeout() => return Err(network(&error, proves)),
            Err(error) => {
                return Err(Failure::new(
                    Fault::TruncatedBody,
                    format!(
                        "the body broke off after {} bytes: {}",
                        body.len(),
                        chain(&error)
                    ),
                ));
            }
        }
    }
    let body = body.freeze();
    Ok(if body.starts_with(b"\xEF\xBB\xBF") {
        body.slice(3..)
    } else {
        body
    })
}
