//! The document that most workloads share: an event of about a kilobyte with 36
//! values: twenty fields `f0`…`f19`, five numbers `n0`…`n4`, a status, four
//! texts, and what no filter asks for.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::Random;
use crate::random::mix;

const PREFIXES: [&str; 15] = [
    "",
    "usr-",
    "ord_",
    "sess:",
    "eu-west-",
    "sku/",
    "dev-",
    "acct-",
    "customer/",
    "shop/",
    "tag:",
    "ip-",
    "zone-",
    "node-",
    "application-",
];
pub(crate) const STATUS: [&str; 5] = ["active", "pending", "closed", "archived", "new"];
pub(crate) const TEXTS: [&str; 4] = ["path", "url", "host", "agent"];

/// A value of field `f{field}`: texts, and numbers from the fifteenth on.
pub(crate) fn value(field: usize, number: u64) -> Value {
    match PREFIXES.get(field) {
        Some(prefix) => {
            let digits = mix((field as u64) << 40 | number) & 0xff_ffff_ffff;
            json!(format!("{prefix}{digits:010x}"))
        }
        None => json!(100_000 + number * 7),
    }
}

pub(crate) fn equals(field: usize, number: u64) -> Value {
    json!({"equals": {format!("f{field}"): value(field, number)}})
}

/// What varies in a document.
pub(crate) struct Event {
    pub(crate) fields: [u64; 20],
    pub(crate) numbers: [u64; 5],
    pub(crate) status: usize,
    pub(crate) texts: [String; 4],
}

impl Event {
    pub(crate) fn new(random: &mut Random, low: u64, high: u64) -> Self {
        let is_active = random.fraction() < 0.6;
        Self {
            fields: std::array::from_fn(|_| low + random.below(high - low)),
            numbers: std::array::from_fn(|_| random.below(1_000_000)),
            status: if is_active {
                0
            } else {
                1 + random.below(4) as usize
            },
            texts: [
                format!(
                    "/static/v{}/asset-{:08x}.css",
                    random.below(90),
                    random.bits() as u32
                ),
                format!("https://cdn.example.net/misc/{:010x}", random.bits() >> 24),
                format!("h{:06x}.internal.example.org", random.below(1 << 24)),
                format!("Mozilla/5.0 (X11) Build/{:06x}", random.below(1 << 24)),
            ],
        }
    }

    fn json(&self, random: &mut Random) -> String {
        let mut text = String::with_capacity(1300);
        for field in 0..20 {
            let separator = if field == 0 { '{' } else { ',' };
            let value = value(field, self.fields[field]);
            write!(text, "{separator}\"f{field}\":{value}").expect("a string can be written");
            self.between(field, random, &mut text)
                .expect("a string can be written");
        }
        text.push('}');
        text
    }

    /// What stands behind a field.
    fn between(&self, field: usize, random: &mut Random, text: &mut String) -> std::fmt::Result {
        let n = &self.numbers;
        match field {
            1 => write!(
                text,
                r#","timestamp":"2026-{:02}-{:02}T{:02}:{:02}:00.000Z""#,
                1 + random.below(12),
                1 + random.below(28),
                random.below(24),
                random.below(60),
            ),
            3 => write!(text, r#","n0":{},"n1":{}"#, n[0], n[1]),
            4 => write!(
                text,
                r#","message":"request {} served by worker {}, cache \"hit\"; upstream reported no error at all""#,
                random.below(1_000_000),
                random.below(64),
            ),
            6 => write!(text, r#","status":"{}""#, STATUS[self.status]),
            8 => write!(
                text,
                r#","geo":{{"lat":{:.5},"lon":{:.5},"city":"city-{}","accuracy":{}}}"#,
                random.fraction() * 180.0 - 90.0,
                random.fraction() * 360.0 - 180.0,
                random.below(5000),
                random.below(100),
            ),
            10 => write!(text, r#","n2":{},"ok":{}"#, n[2], random.below(2) == 0),
            12 => write!(
                text,
                r#","labels":["l{}","l{}","l{}","l{}"]"#,
                random.below(999),
                random.below(999),
                random.below(999),
                random.below(999),
            ),
            14 => write!(text, r#","n3":{},"parent":null"#, n[3]),
            16 => TEXTS
                .iter()
                .zip(&self.texts)
                .try_for_each(|(name, value)| write!(text, r#","{name}":"{value}""#)),
            18 => write!(text, r#","n4":{},"seq":{}"#, n[4], random.below(1 << 32)),
            _ => Ok(()),
        }
    }
}

pub(crate) fn documents(events: Vec<Event>, random: &mut Random) -> Vec<String> {
    events.iter().map(|it| it.json(random)).collect()
}
