//! What goes out on the wire: an answer, or what is no answer.

use std::io;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;

use super::brain::Canned;

/// What a call comes to.
pub(super) enum Outcome {
    Answer(Canned),
    /// The connection is closed without an answer.
    Drop,
    /// The answer never ends.
    Endless,
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        match self {
            Self::Answer(canned) => canned.into_response(),
            // The body fails before anything has been written, so that hyper closes the connection.
            Self::Drop => {
                let broken = Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset));
                Response::new(Body::from_stream(stream::iter([broken])))
            }
            Self::Endless => {
                let blank = || Ok::<_, io::Error>(Bytes::from_static(&[b' '; 16 * 1024]));
                let mut response = Response::new(Body::from_stream(stream::repeat_with(blank)));
                let json = header::HeaderValue::from_static("application/json");
                response.headers_mut().insert(header::CONTENT_TYPE, json);
                response
            }
        }
    }
}

impl IntoResponse for Canned {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut builder = Response::builder().status(status);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        let impossible =
            |_| (StatusCode::INTERNAL_SERVER_ERROR, "a header that HTTP does not allow").into_response();
        builder.body(Body::from(self.body)).unwrap_or_else(impossible)
    }
}

/// The contract's answer to a health check.
pub(super) fn healthy() -> Canned {
    let up = json!({ "status": "healthy" });
    Canned::json(
        200,
        &json!({
            "overall_status": "healthy",
            "services": {
                "redis": up, "firebase": up, "astra": up, "openai_chat": up, "openai_embeddings": up
            },
            "summary": { "total": 5, "healthy": 5, "degraded": 0, "down": 0 }
        }),
    )
}
