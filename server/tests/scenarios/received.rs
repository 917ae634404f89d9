//! An answer, as the transport gave it.

use serde_json::{Value, json};

use crate::harness::Answer;
use crate::pattern::{Bindings, check};

pub struct Received {
    /// HTTP only.
    pub status: Option<u16>,
    headers: Vec<(String, String)>,
    /// As JSON, or the text if it is none.
    pub body: Value,
    pub text: String,
}

impl From<Answer> for Received {
    fn from(answer: Answer) -> Self {
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        Self {
            status: Some(answer.status),
            headers: answer.headers,
            body: serde_json::from_str(&text).unwrap_or_else(|_| json!(text)),
            text,
        }
    }
}

impl Received {
    /// What came over a WebSocket.
    pub fn message(body: Value) -> Self {
        Self {
            status: None,
            headers: Vec::new(),
            text: body.to_string(),
            body,
        }
    }

    /// Each of these headers, name → pattern; several of a name are joined.
    pub fn check_headers(&self, described: &str, expected: &Value) -> Result<(), String> {
        for (name, expected) in expected.as_object().unwrap() {
            let values = self.headers_of(name);
            let got = match values.as_slice() {
                [] if expected == "<absent>" => continue,
                [] => Value::Null,
                values => json!(values.join(", ")),
            };
            if check(expected, &got, &mut Bindings::new()).is_err() {
                return Err(format!(
                    "header {name}: expected {expected}, got {got}\n  request   {described}"
                ));
            }
        }
        Ok(())
    }

    fn headers_of(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter();
        let named = named.filter(|it| it.0.eq_ignore_ascii_case(name));
        named.map(|it| it.1.as_str()).collect()
    }
}
