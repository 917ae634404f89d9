//! Headers that an action, a pipe or a plugin sets on its answer.

/// Set twice, the later value stands; other headers are joined.
const SINGLE: &[&str] = &[
    "age",
    "authorization",
    "content-type",
    "etag",
    "expires",
    "from",
    "host",
    "if-modified-since",
    "if-unmodified-since",
    "max-forwards",
    "proxy-authorization",
    "referer",
    "retry-after",
    "user-agent",
];

/// Part of how a message is sent, so not the application's to set.
const OURS: &[&str] = &["connection", "content-length", "transfer-encoding"];

const COOKIE: &str = "set-cookie";

/// One of each name, in lower case and in the order they came; only cookies
/// accumulate.
pub(super) fn merge(headers: &[(String, String)]) -> Vec<(String, String)> {
    let mut merged: Vec<(String, String)> = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if OURS.contains(&&*name) {
            continue;
        }
        let before = merged.iter_mut().find(|it| it.0 == name && name != COOKIE);
        match before {
            None => merged.push((name, value.clone())),
            Some(before) if SINGLE.contains(&&*name) => before.1.clone_from(value),
            Some(before) => {
                before.1.push_str(", ");
                before.1.push_str(value);
            }
        }
    }
    merged
}

/// Those that the envelope shows as well: all but cookies.
pub(super) fn shown(headers: &[(String, String)]) -> Vec<(String, String)> {
    let mut shown = merge(headers);
    shown.retain(|it| it.0 != COOKIE);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_merged_by_name() {
        let pairs = [
            ("X-Mine", "a"),
            ("ETag", "1"),
            ("x-mine", "b"),
            ("Set-Cookie", "a=1"),
            ("etag", "2"),
            ("set-cookie", "b=2"),
            ("Content-Length", "5"),
        ];
        let headers = pairs.map(|it| (it.0.to_owned(), it.1.to_owned()));
        let texts = |it: Vec<(String, String)>| -> Vec<String> {
            it.into_iter()
                .map(|it| format!("{}: {}", it.0, it.1))
                .collect()
        };
        let expected = [
            "x-mine: a, b",
            "etag: 2",
            "set-cookie: a=1",
            "set-cookie: b=2",
        ];
        assert_eq!(texts(merge(&headers)), expected);
        assert_eq!(texts(shown(&headers)), expected[..2]);
    }
}
