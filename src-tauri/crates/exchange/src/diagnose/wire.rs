//! The bytes of a test's own connections: what the other side said first, and a first question.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

/// Bytes that are remembered of what the other side said first.
const REMEMBERED: usize = 256;
/// Bytes of an answer's head at most.
const MAX_HEAD: usize = 16 * 1024;

/// A connection of whatever layers.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A connection that remembers the first bytes it received.
pub struct Overheard {
    inner: Box<dyn Wire>,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Overheard {
    /// Listens in on a connection; the second is what it heard.
    pub fn new(inner: Box<dyn Wire>) -> (Self, Arc<Mutex<Vec<u8>>>) {
        let heard = Arc::default();
        (
            Self {
                inner,
                heard: Arc::clone(&heard),
            },
            heard,
        )
    }
}

impl AsyncRead for Overheard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.inner).poll_read(context, buffer);
        let new = buffer.filled().get(before..).unwrap_or_default();
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let room = REMEMBERED.saturating_sub(heard.len()).min(new.len());
        heard.extend_from_slice(&new[..room]);
        drop(heard);
        outcome
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// The head of an HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// The status line.
    pub line: String,
    /// When the other side says it answered.
    pub date: Option<DateTime<Utc>>,
}

/// What came back to a question.
#[derive(Debug)]
pub enum Answer {
    /// HTTP.
    Head(Head),
    /// Something else; its beginning.
    Other(Vec<u8>),
    /// Nothing in time.
    Silence,
    /// The connection ended or broke.
    Broken(io::Error),
}

/// Sends a request's head and reads an answer's head.
pub async fn ask(wire: &mut dyn Wire, request: &str, patience: Duration) -> Answer {
    match tokio::time::timeout(patience, exchange(wire, request)).await {
        Ok(Ok(bytes)) => understand(bytes),
        Ok(Err(error)) => Answer::Broken(error),
        Err(_) => Answer::Silence,
    }
}

async fn exchange(wire: &mut dyn Wire, request: &str) -> io::Result<Vec<u8>> {
    // A side that refuses at once may have closed before the request was written; what it said is
    // still to be read.
    let written = match wire.write_all(request.as_bytes()).await {
        Ok(()) => wire.flush().await,
        broken => broken,
    };
    let mut bytes = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        let read = match wire.read(&mut buffer).await {
            Ok(0) if bytes.is_empty() => {
                written?;
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(read) => read,
            Err(error) if bytes.is_empty() => return Err(error),
            Err(_) => 0,
        };
        bytes.extend_from_slice(&buffer[..read]);
        let is_http = b"HTTP/".starts_with(&bytes[..bytes.len().min(5)]);
        let ended = bytes.windows(4).any(|four| four == b"\r\n\r\n");
        if read == 0 || !is_http || ended || bytes.len() > MAX_HEAD {
            return Ok(bytes);
        }
    }
}

fn understand(bytes: Vec<u8>) -> Answer {
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let line: String = lines.next().unwrap_or("").chars().take(120).collect();
    let status = line
        .strip_prefix("HTTP/")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    let Some(status) = status else {
        return Answer::Other(bytes);
    };
    let date = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("date"))
        .and_then(|(_, value)| DateTime::parse_from_rfc2822(value.trim()).ok())
        .map(|date| date.to_utc());
    Answer::Head(Head { status, line, date })
}

/// The beginning of what the other side said, fit to be shown.
pub fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(60)])
        .chars()
        .map(|char| if char.is_control() { '·' } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_head_has_its_status_and_date() {
        let bytes = b"HTTP/1.1 404 Not Found\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
        let Answer::Head(head) = understand(bytes.to_vec()) else {
            panic!("a head")
        };
        assert_eq!(head.status, 404);
        // RFC 9110, 5.6.7: the example of an HTTP date.
        assert_eq!(head.date.unwrap().timestamp(), 784_111_777);
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = shown(&bytes);
            let _ = understand(bytes);
        }
    }
}
