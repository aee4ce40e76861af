//! Takes a request's body in before its handler sees it: no more than so many bytes, within so much time.
//!
//! A client that trickles bytes is cut off by the total time, which a time-out between frames would not do.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;

use crate::error::ApiError;

/// How many times the cap we read and throw away, so that a client that sends first and reads later still gets the 413.
const PATIENCE: usize = 4;

/// How much a body may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes.
    pub(crate) cap: usize,
    /// From its head to its end.
    pub(crate) within: Duration,
    /// The same for files: a phone sends them slowly.
    pub(crate) file_within: Duration,
}

/// How addresses end that take a file.
const FILES: &str = "/files";

/// Middleware: the handler gets the whole body, or is not called.
pub(crate) async fn whole(State(bounds): State<Bounds>, request: Request, next: Next) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let within = if head.uri.path().ends_with(FILES) { bounds.file_within } else { bounds.within };
    let read = tokio::time::timeout(within, read(body, bounds.cap));
    let bytes = read.await.map_err(|_| ApiError::too_slow())??;
    Ok(next.run(Request::from_parts(head, Body::from(bytes))).await)
}

async fn read(mut body: Body, cap: usize) -> Result<Bytes, ApiError> {
    if body.size_hint().lower() > (cap * PATIENCE) as u64 {
        return Err(ApiError::too_large(cap));
    }
    let mut kept = BytesMut::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::bad_request("the request's body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        if seen <= cap {
            kept.extend_from_slice(&data);
        } else if seen > cap * PATIENCE {
            break;
        }
    }
    if seen > cap { Err(ApiError::too_large(cap)) } else { Ok(kept.freeze()) }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use axum::response::IntoResponse;

    use super::*;

    fn status(read: Result<Bytes, ApiError>) -> StatusCode {
        read.map_or_else(|error| error.into_response().status(), |_| StatusCode::OK)
    }

    #[tokio::test]
    async fn a_body_up_to_the_cap_comes_whole_and_one_byte_more_is_refused() {
        assert_eq!(read(Body::from("12345"), 5).await.unwrap(), "12345");
        assert_eq!(status(read(Body::from("123456"), 5).await), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_capped_too() {
        let frames = futures_util::stream::iter((0..100).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(b"abc"))));
        assert_eq!(status(read(Body::from_stream(frames), 5).await), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn an_endless_body_is_not_read_to_its_end() {
        let frames = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(b"abc")));
        assert_eq!(status(read(Body::from_stream(frames), 5).await), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
