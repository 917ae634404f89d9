//! What stands before the body: verb, path, query, headers.

use std::net::IpAddr;

use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use serde_json::{Map, Value};

use crate::request::HttpContext;

/// The head of a request.
pub(super) struct Head {
    pub(super) verb: Method,
    /// Still percent-encoded.
    pub(super) path: String,
    /// Without `?`; empty when there is none.
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    peer: IpAddr,
}

impl Head {
    pub(super) fn new(parts: Parts, peer: IpAddr) -> Self {
        Self {
            verb: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            peer,
        }
    }

    /// A header's text; several of a name are one with commas.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let mut values = self.headers.get_all(name).iter();
        let text =
            |it: &hyper::http::HeaderValue| String::from_utf8_lossy(it.as_bytes()).into_owned();
        let first = text(values.next()?);
        Some(values.fold(first, |all, it| format!("{all}, {}", text(it))))
    }

    /// Whether the query has this key, whatever its value.
    pub(super) fn asks_for(&self, key: &str) -> bool {
        self.query.contains(key)
            && form_urlencoded::parse(self.query.as_bytes()).any(|it| it.0 == key)
    }

    pub(super) fn origin(&self) -> Option<String> {
        self.header("origin")
    }

    /// The client's own id for the request.
    pub(super) fn request_id(&self) -> Option<String> {
        self.header("x-kuzzle-request-id")
            .filter(|it| !it.is_empty())
    }

    /// The token of `Authorization: Bearer …`.
    pub(super) fn bearer(&self) -> Option<String> {
        let value = self.header("authorization")?;
        let (scheme, token) = value.split_at_checked("Bearer ".len())?;
        let is_bearer = scheme.eq_ignore_ascii_case("Bearer ");
        is_bearer.then(|| token.trim().to_owned())
    }

    /// The socket's address, then those that proxies tell of.
    pub(super) fn ips(&self) -> Vec<String> {
        ips(&self.headers, self.peer)
    }

    pub(super) fn headers_as_json(&self) -> Map<String, Value> {
        headers_as_json(&self.headers)
    }

    pub(super) fn url(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    pub(super) fn context(&self) -> HttpContext {
        HttpContext {
            verb: self.verb.as_str().to_owned(),
            path: self.path.clone(),
            url: self.url(),
        }
    }
}

/// The socket's address, then those that proxies tell of.
pub(in crate::protocols) fn ips(headers: &HeaderMap, peer: IpAddr) -> Vec<String> {
    let forwarded = headers.get_all("x-forwarded-for").iter();
    let texts = forwarded.filter_map(|it| it.to_str().ok());
    let behind = texts.flat_map(|it| it.split(',')).map(str::trim);
    let behind = behind.filter(|it| !it.is_empty()).map(str::to_owned);
    [peer.to_string()].into_iter().chain(behind).collect()
}

/// Names in lower case; several of a name are one with commas.
pub(in crate::protocols) fn headers_as_json(headers: &HeaderMap) -> Map<String, Value> {
    let mut json = Map::with_capacity(headers.keys_len());
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        match json.get_mut(name.as_str()) {
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(&value);
            }
            _ => {
                json.insert(name.as_str().to_owned(), value.into());
            }
        }
    }
    json
}
