//! How an answer is sent, and how a fault spoils it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::faults::FaultKind;

pub(crate) fn json(status: StatusCode, body: String) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        body,
    )
        .into_response()
}

fn refuse(code: &str, message: &str) -> Response {
    let code = if code.bytes().all(|byte| byte.is_ascii_digit()) {
        code.to_owned()
    } else {
        format!("\"{code}\"")
    };
    json(
        StatusCode::OK,
        format!(r#"{{"code":{code},"message":"{message}"}}"#),
    )
}

/// Faults that need no rows.
pub(crate) async fn early(fault: Option<&FaultKind>) -> Option<Response> {
    Some(match fault? {
        FaultKind::RateLimited { retry_after_s } => (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, retry_after_s.to_string())],
            "{}",
        )
            .into_response(),
        FaultKind::ServerError { status } => json(
            StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            "{}".into(),
        ),
        FaultKind::Timeout => {
            std::future::pending::<()>().await;
            return None;
        }
        FaultKind::ErrorInOk { code, message } => refuse(code, message),
        FaultKind::ExpiredToken => json(
            StatusCode::UNAUTHORIZED,
            r#"{"error":"invalid_token"}"#.into(),
        ),
        FaultKind::WrongContentType => (
            StatusCode::OK,
            [(header::CONTENT_TYPE, "text/html")],
            "<html><body>请登录</body></html>",
        )
            .into_response(),
        FaultKind::OversizedBody { bytes } => {
            let bytes = usize::try_from(*bytes).unwrap_or(usize::MAX).min(1 << 30);
            json(StatusCode::OK, format!("[{}]", " ".repeat(bytes)))
        }
        _ => return None,
    })
}

/// Faults of a written answer.
pub(crate) fn late(fault: Option<&FaultKind>, mut body: String) -> Response {
    match fault {
        Some(FaultKind::TruncatedJson) => {
            let half = (0..=body.len() / 2)
                .rev()
                .find(|at| body.is_char_boundary(*at))
                .unwrap_or(0);
            body.truncate(half);
            json(StatusCode::OK, body)
        }
        Some(FaultKind::MalformedJson) => json(
            StatusCode::OK,
            body.replacen(':', "=", 1).replacen('[', "[,", 1),
        ),
        Some(FaultKind::Bom) => json(StatusCode::OK, format!("\u{FEFF}{body}")),
        Some(FaultKind::BrokenBody) => {
            let half: Vec<u8> = body.into_bytes();
            let pieces = [
                Ok(Bytes::copy_from_slice(&half[..half.len() / 2])),
                Err(std::io::Error::other("broken off")),
            ];
            stream(pieces.into_iter().collect(), Duration::ZERO)
        }
        Some(FaultKind::SlowBody { pause_ms }) => {
            let size = (body.len() / 8).max(1);
            let pieces = body
                .into_bytes()
                .chunks(size)
                .map(|piece| Ok(Bytes::copy_from_slice(piece)))
                .collect();
            stream(pieces, Duration::from_millis(*pause_ms))
        }
        _ => json(StatusCode::OK, body),
    }
}

fn stream(pieces: Vec<Result<Bytes, std::io::Error>>, pause: Duration) -> Response {
    let stream = futures_util::stream::unfold(pieces.into_iter(), move |mut pieces| async move {
        let piece = pieces.next()?;
        tokio::time::sleep(pause).await;
        Some((piece, pieces))
    });
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, "application/json")],
        Body::from_stream(stream),
    )
        .into_response()
}
