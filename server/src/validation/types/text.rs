//! Texts that are addresses. They are checked as people write them: what a form
//! should refuse, not all that the standards allow.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Rule;
use crate::error::{ApiError, VALIDATION_ASSERT_INVALID_TYPE};

type Options = Map<String, Value>;

/// The longest address that mail can be sent to, and its longest part before `@`.
const EMAIL_BYTES_MAX: usize = 254;
const LOCAL_BYTES_MAX: usize = 64;

/// Longer URLs are cut by clients and servers alike.
const URL_BYTES_MAX: usize = 2083;

pub(super) fn email(options: &Options) -> Result<Rule, ApiError> {
    address(options, "it must be an email address", is_email)
}

pub(super) fn url(options: &Options) -> Result<Rule, ApiError> {
    address(options, "it must be a URL", is_url)
}

pub(super) fn ip_address(options: &Options) -> Result<Rule, ApiError> {
    address(options, "it must be an IP address", |text| {
        text.parse::<IpAddr>().is_ok()
    })
}

fn address(
    options: &Options,
    reason: &'static str,
    test: fn(&str) -> bool,
) -> Result<Rule, ApiError> {
    let not_empty = match options.get("notEmpty") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(_) => return Err(VALIDATION_ASSERT_INVALID_TYPE.with(["notEmpty", "boolean"])),
    };
    Ok(Arc::new(move |value| match value.as_str() {
        None => Err("it must be a string".into()),
        Some("") if not_empty => Err("it must not be empty".into()),
        Some(text) if text.is_empty() || test(text) => Ok(()),
        Some(_) => Err(reason.into()),
    }))
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_atom = |it: char| it.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(it);
    let is_local = local
        .split('.')
        .all(|it| !it.is_empty() && it.chars().all(is_atom));
    let fits = text.len() <= EMAIL_BYTES_MAX && local.len() <= LOCAL_BYTES_MAX;
    fits && is_local && is_domain(domain)
}

/// Names of hosts with a top level domain.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let fits = !label.is_empty() && label.len() <= 63;
        let is_inner = |it: char| it.is_alphanumeric() || it == '-';
        fits && label.chars().all(is_inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    let is_top = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic)
        || top.to_ascii_lowercase().starts_with("xn--");
    domain.contains('.') && domain.split('.').all(is_label) && is_top
}

/// With `http`, `https` or `ftp`, or without scheme.
fn is_url(text: &str) -> bool {
    let is_odd = |it: char| it.is_whitespace() || it.is_control() || "<>\"".contains(it);
    if text.len() > URL_BYTES_MAX || text.contains(is_odd) || text.starts_with("mailto:") {
        return false;
    }
    let rest = match text.split_once("://") {
        Some((scheme, rest)) => {
            let scheme = scheme.to_ascii_lowercase();
            if !["http", "https", "ftp"].contains(&scheme.as_str()) {
                return false;
            }
            rest
        }
        None => text,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |it| it.1);
    if let Some(literal) = host.strip_prefix('[') {
        let Some((address, port)) = literal.split_once(']') else {
            return false;
        };
        let is_address = address.parse::<std::net::Ipv6Addr>().is_ok();
        return is_address && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = match host.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host, None),
    };
    let is_host = is_domain(host) || host.parse::<std::net::Ipv4Addr>().is_ok();
    is_host && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|it| it > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let emails = [
            ("a@b.co", true),
            ("first.last+tag@sub.example.org", true),
            ("été@exemple.fr", true),
            ("a@b", false),
            ("a b@c.de", false),
            ("@c.de", false),
            ("a..b@c.de", false),
            ("a@-c.de", false),
            ("a@c.d", false),
            ("plain", false),
        ];
        for (text, expected) in emails {
            assert_eq!(is_email(text), expected, "{text}");
        }
        let urls = [
            ("http://example.org", true),
            ("https://user:pw@example.org:8080/a?b=c#d", true),
            ("example.org/path", true),
            ("http://127.0.0.1:80", true),
            ("http://[::1]/", true),
            ("http://localhost", false),
            ("gopher://example.org", false),
            ("http://example.org:0", false),
            ("http://exa mple.org", false),
            ("http://", false),
            ("mailto:a@b.co", false),
        ];
        for (text, expected) in urls {
            assert_eq!(is_url(text), expected, "{text}");
        }
    }
}
