//! HTTP → WebSocket. Any path will do, and no sub-protocol is needed.

use std::net::IpAddr;
use std::sync::Arc;

use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::upgrade::Upgraded;
use hyper::{Request as HyperRequest, Response as HyperResponse, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use uuid::Uuid;

use super::socket;
use crate::connection::{Connection, Outbox};
use crate::protocols::http::{AnswerBody, headers_as_json, ips};
use crate::protocols::limits::SOCKET_MESSAGES_MAX;
use crate::protocols::port::{Place, Server};
use crate::protocols::stream::Stream;

/// The one version of the protocol that exists.
const VERSION: &str = "13";

/// Whether this is the first message of a WebSocket.
pub(in crate::protocols) fn asks_for_upgrade<B>(
    server: &Server,
    request: &HyperRequest<B>,
) -> bool {
    let headers = request.headers();
    server.app.config.server.protocols.websocket.enabled
        && request.method() == hyper::Method::GET
        && has_word(headers, header::CONNECTION, "upgrade")
        && has_word(headers, header::UPGRADE, "websocket")
}

/// Answers the handshake and leaves the rest to the socket's own task.
pub(in crate::protocols) fn upgrade(
    server: Arc<Server>,
    peer: IpAddr,
    place: Place,
    mut request: HyperRequest<Incoming>,
) -> HyperResponse<AnswerBody> {
    let headers = request.headers();
    if !has_word(headers, header::SEC_WEBSOCKET_VERSION, VERSION) {
        let mut answer = refusal(
            StatusCode::UPGRADE_REQUIRED,
            "Sec-WebSocket-Version must be 13",
        );
        let version = HeaderValue::from_static(VERSION);
        answer
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_VERSION, version);
        return answer;
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY) else {
        return refusal(StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is missing");
    };
    let mut answer = HyperResponse::new(Bytes::new().into());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let accept = HeaderValue::try_from(derive_accept_key(key.as_bytes()));
    let accept = accept.unwrap_or(HeaderValue::from_static(""));
    let answered = answer.headers_mut();
    answered.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    answered.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    answered.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    // Browsers hang up when none of the sub-protocols they offer is taken.
    if let Some(offered) = first_word(headers, header::SEC_WEBSOCKET_PROTOCOL) {
        answered.insert(header::SEC_WEBSOCKET_PROTOCOL, offered);
    }

    let (outbox, inbox) = Outbox::bounded(SOCKET_MESSAGES_MAX);
    let connection = Arc::new(Connection {
        id: Uuid::new_v4(),
        protocol: "websocket".into(),
        ips: ips(headers, peer),
        headers: headers_as_json(headers),
        outbox: Some(outbox),
    });
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else {
            return; // the client left in between
        };
        let Some((stream, early)) = take(upgraded) else {
            return tracing::error!("an upgraded stream is not the one that was given");
        };
        let _place = place; // counts as open until the end
        Box::pin(socket::live(server, stream, early, connection, inbox)).await;
    });
    answer
}

/// The stream, and what the client has already sent behind its handshake; copied,
/// so that the buffer of the handshake is not kept as long as the socket.
fn take(upgraded: Upgraded) -> Option<(TcpStream, Vec<u8>)> {
    let parts = upgraded.downcast::<TokioIo<Stream>>().ok()?;
    let stream = parts.io.into_inner().into_inner();
    Some((stream, parts.read_buf.to_vec()))
}

fn refusal(status: StatusCode, why: &'static str) -> HyperResponse<AnswerBody> {
    let mut answer = HyperResponse::new(Bytes::from_static(why.as_bytes()).into());
    *answer.status_mut() = status;
    answer
}

/// Whether a header that is a list has this word, in any case.
fn has_word(headers: &HeaderMap, name: header::HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    let texts = values.filter_map(|it| it.to_str().ok());
    let mut words = texts.flat_map(|it| it.split(','));
    words.any(|it| it.trim().eq_ignore_ascii_case(word))
}

fn first_word(headers: &HeaderMap, name: header::HeaderName) -> Option<HeaderValue> {
    let words = headers.get(name)?.to_str().ok()?;
    HeaderValue::from_str(words.split(',').next()?.trim()).ok()
}
