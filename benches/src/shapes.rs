//! Filters and documents.
//!
//! Most documents are events of about a kilobyte with 36 values: twenty fields
//! `f0`…`f19`, five numbers `n0`…`n4`, a status, four texts, and what no filter
//! asks for. Documents are made to match: some of their values are taken from
//! filters.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::random::mix;
use crate::{Random, Workload};

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
const STATUS: [&str; 5] = ["active", "pending", "closed", "archived", "new"];
const TEXTS: [&str; 4] = ["path", "url", "host", "agent"];

/// A value of field `f{field}`: texts, and numbers from the fifteenth on.
fn value(field: usize, number: u64) -> Value {
    match PREFIXES.get(field) {
        Some(prefix) => {
            let digits = mix((field as u64) << 40 | number) & 0xff_ffff_ffff;
            json!(format!("{prefix}{digits:010x}"))
        }
        None => json!(100_000 + number * 7),
    }
}

fn equals(field: usize, number: u64) -> Value {
    json!({"equals": {format!("f{field}"): value(field, number)}})
}

/// What varies in a document.
struct Event {
    fields: [u64; 20],
    numbers: [u64; 5],
    status: usize,
    texts: [String; 4],
}

impl Event {
    fn new(random: &mut Random, low: u64, high: u64) -> Self {
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

fn documents(events: Vec<Event>, random: &mut Random) -> Vec<String> {
    events.iter().map(|it| it.json(random)).collect()
}

/// A number of distinct items.
fn distinct<T: Eq + std::hash::Hash + Clone>(count: usize, mut make: impl FnMut() -> T) -> Vec<T> {
    let mut seen = std::collections::HashSet::new();
    let mut items = Vec::with_capacity(count);
    while items.len() < count {
        let item = make();
        if seen.insert(item.clone()) {
            items.push(item);
        }
    }
    items
}

/// One `equals` each. Every document has the values of about five filters.
pub(crate) fn eq(count: usize, random: &mut Random) -> Workload {
    let pairs = distinct(count, || (random.below(20) as usize, random.below(100_000)));
    let filters = pairs.iter().map(|(field, number)| equals(*field, *number));
    let events = (0..2000).map(|_| {
        let mut event = Event::new(random, 100_000, 200_000);
        for _ in 0..5 {
            let (field, number) = *random.pick(&pairs);
            event.fields[field] = number;
        }
        event
    });
    let (filters, events) = (filters.collect(), events.collect());
    Workload {
        filters,
        documents: documents(events, random),
    }
}

/// One `equals` and one `not equals` of another field.
pub(crate) fn and_not(count: usize, random: &mut Random) -> Workload {
    let pairs = distinct(count, || {
        let field = random.below(20) as usize;
        let other = (field + 1 + random.below(19) as usize) % 20;
        (field, random.below(50_000), other, random.below(50_000))
    });
    let filters = pairs
        .iter()
        .map(|(f, n, g, m)| json!({"and": [equals(*f, *n), {"not": equals(*g, *m)}]}));
    let events = (0..2000).map(|_| {
        let mut event = Event::new(random, 50_000, 100_000);
        for _ in 0..5 {
            let (field, number, other, avoided) = *random.pick(&pairs);
            event.fields[field] = number;
            if random.below(10) == 0 {
                event.fields[other] = avoided;
            }
        }
        event
    });
    let (filters, events) = (filters.collect(), events.collect());
    Workload {
        filters,
        documents: documents(events, random),
    }
}

/// A status that most have, a field of a thousand values, one of fifty thousand,
/// and a range of 30 %.
pub(crate) fn and(count: usize, random: &mut Random) -> Workload {
    let rules = distinct(count, || {
        let is_active = random.fraction() < 0.6;
        let status = if is_active {
            0
        } else {
            1 + random.below(4) as usize
        };
        let medium = (random.below(10) as usize, random.below(1000));
        let high = (10 + random.below(10) as usize, random.below(50_000));
        (
            status,
            medium,
            high,
            random.below(5) as usize,
            random.below(700_000),
        )
    });
    let filters = rules.iter().map(|(status, (f, n), (g, m), k, low)| {
        json!({"and": [
            {"equals": {"status": STATUS[*status]}},
            equals(*f, *n),
            equals(*g, *m),
            {"range": {format!("n{k}"): {"gte": low, "lt": low + 300_000}}},
        ]})
    });
    let events = (0..2000).map(|_| {
        let mut event = Event::new(random, 0, 50_000);
        for field in 0..10 {
            event.fields[field] = random.below(1000);
        }
        for _ in 0..5 {
            let (status, (f, n), (g, m), k, low) = *random.pick(&rules);
            event.status = status;
            event.fields[f] = n;
            event.fields[g] = m;
            event.numbers[k] = low + random.below(300_000);
        }
        event
    });
    let (filters, events) = (filters.collect(), events.collect());
    Workload {
        filters,
        documents: documents(events, random),
    }
}

/// Ranges on five fields, about a hundred of which hold a document's numbers.
pub(crate) fn range(count: usize, random: &mut Random) -> Workload {
    let mean = 100_000_000.0 / count as f64;
    let ranges = distinct(count, || {
        let width = (mean * (0.2 + 1.6 * random.fraction())) as u64 + 1;
        let low = random.below(1_000_000 - width);
        (random.below(5), low, low + width)
    });
    let filters = ranges
        .iter()
        .map(|(k, low, high)| json!({"range": {format!("n{k}"): {"gte": low, "lt": high}}}));
    let events = (0..2000).map(|_| Event::new(random, 0, 50_000)).collect();
    Workload {
        filters: filters.collect(),
        documents: documents(events, random),
    }
}

/// Negations alone: nearly all match.
pub(crate) fn not(count: usize, random: &mut Random) -> Workload {
    let pairs = distinct(count, || (random.below(20) as usize, random.below(50_000)));
    let filters = pairs.iter().map(|(f, n)| json!({"not": equals(*f, *n)}));
    let events = (0..500).map(|_| Event::new(random, 0, 50_000)).collect();
    Workload {
        filters: filters.collect(),
        documents: documents(events, random),
    }
}

/// Literal heads on four text fields.
pub(crate) fn prefix(count: usize, random: &mut Random) -> Workload {
    patterns(count, random, |_| 0)
}

/// Half literal heads, the others followed by classes or by anything.
pub(crate) fn regex(count: usize, random: &mut Random) -> Workload {
    patterns(count, random, |number| match number % 10 {
        0..=4 => 0,
        5..=7 => 1,
        _ => 2,
    })
}

fn patterns(count: usize, random: &mut Random, kind: impl Fn(usize) -> usize) -> Workload {
    const SERVICES: [&str; 8] = [
        "users", "orders", "carts", "invoices", "payments", "events", "devices", "sessions",
    ];
    let heads = distinct(count, || {
        let text = random.below(4) as usize;
        let (tenant, service) = (random.below(5000), random.pick(&SERVICES));
        let head = match text {
            0 => format!("/api/v{}/tenant-{tenant:04}/{service}", 1 + random.below(4)),
            1 => format!("https://t{tenant:04}.example.com/{service}/"),
            2 => format!("{service}-{tenant:04}-eu"),
            _ => format!("sdk-{service}/{tenant}.{}", random.below(20)),
        };
        (text, head)
    });
    let filters = heads.iter().enumerate().map(|(number, (text, head))| {
        let head = head.replace('.', "\\.");
        let pattern = match kind(number) {
            0 => format!("^{head}"),
            1 => format!("^{head}/[0-9]+/[0-9a-f]{{8}}$"),
            _ => format!("^{head}.*\\.json$"),
        };
        json!({"regexp": {TEXTS[*text]: {"value": pattern}}})
    });
    let filters = filters.collect();
    let events = (0..2000).map(|_| {
        let mut event = Event::new(random, 0, 50_000);
        for _ in 0..6 {
            let number = random.below(heads.len() as u64) as usize;
            let (text, head) = &heads[number];
            let hex = random.bits() as u32;
            event.texts[*text] = match kind(number) {
                0 => format!("{head}/{hex:08x}"),
                1 => format!("{head}/{}/{hex:08x}", random.below(100_000)),
                _ => format!("{head}/{}/{hex:08x}.json", random.below(100_000)),
            };
        }
        event
    });
    let events = events.collect();
    Workload {
        filters,
        documents: documents(events, random),
    }
}

/// `equals` on a field of its own for each filter; documents have ten of them.
pub(crate) fn many_fields(count: usize, random: &mut Random) -> Workload {
    let filters = (0..count).map(|it| json!({"equals": {format!("field{it}"): it}}));
    let documents = (0..2000).map(|_| {
        let members = (0..10).map(|_| {
            let field = random.below(count as u64);
            (format!("field{field}"), json!(field))
        });
        Value::Object(members.collect()).to_string()
    });
    Workload {
        filters: filters.collect(),
        documents: documents.collect(),
    }
}

/// `in` of fifty values each, all distinct; a document has one of them.
pub(crate) fn one_of(count: usize, random: &mut Random) -> Workload {
    let filters = (0..count).map(|filter| {
        let values: Vec<String> = (0..50)
            .map(|it| format!("v{}", mix((filter * 50 + it) as u64)))
            .collect();
        json!({"in": {"tag": values}})
    });
    let documents = (0..2000).map(|_| {
        let value = mix(random.below(count as u64 * 50));
        json!({"tag": format!("v{value}"), "text": "something else"}).to_string()
    });
    Workload {
        filters: filters.collect(),
        documents: documents.collect(),
    }
}

/// Documents of two hundred fields; filters ask for ten of them.
pub(crate) fn wide_documents(count: usize, random: &mut Random) -> Workload {
    let pairs = distinct(count, || (random.below(10), random.below(100_000)));
    let filters = pairs
        .iter()
        .map(|(field, value)| json!({"equals": {format!("key{field}"): value}}));
    let filters = filters.collect();
    let documents = (0..500).map(|_| {
        let members = (0..200u64).map(|field| {
            let value = match field {
                0 => {
                    random
                        .pick(&pairs.iter().filter(|it| it.0 == 0).collect::<Vec<_>>())
                        .1
                }
                _ => 100_000 + random.below(100_000),
            };
            (format!("key{field}"), json!(value))
        });
        Value::Object(members.collect()).to_string()
    });
    Workload {
        filters,
        documents: documents.collect(),
    }
}

/// Disks of a few kilometres all over the world; documents are at their centres.
pub(crate) fn geofence(count: usize, random: &mut Random) -> Workload {
    let centre = |random: &mut Random| {
        let lat = random.fraction() * 170.0 - 85.0;
        (lat, random.fraction() * 360.0 - 180.0)
    };
    let centres: Vec<(f64, f64)> = (0..count).map(|_| centre(random)).collect();
    let filters = centres.iter().map(|(lat, lon)| {
        let distance = format!("{} m", 1000 + random.below(20_000));
        json!({"geoDistance": {"at": {"lat": lat, "lon": lon}, "distance": distance}})
    });
    let filters = filters.collect();
    let documents = (0..2000).map(|_| {
        let (lat, lon) = random.pick(&centres);
        json!({"vehicle": random.below(1000), "at": {"lat": lat, "lon": lon}}).to_string()
    });
    Workload {
        filters,
        documents: documents.collect(),
    }
}

/// The alerting rules that others publish numbers for: a service and an
/// environment.
pub(crate) fn alert(count: usize, random: &mut Random) -> Workload {
    const ENVIRONMENTS: [&str; 4] = ["prod", "stage", "dev", "test"];
    let filters = (0..count).map(|it| {
        let service = format!("svc-{}", it / 4);
        json!({"and": [
            {"equals": {"service": service}},
            {"equals": {"env": ENVIRONMENTS[it % 4]}},
        ]})
    });
    let documents = (0..1000).map(|_| {
        let service = format!("svc-{}", random.below(count as u64 / 4));
        json!({"service": service, "env": "prod", "host": "host-42", "team": "platform",
            "message": "disk usage above threshold", "severity": "critical"})
        .to_string()
    });
    Workload {
        filters: filters.collect(),
        documents: documents.collect(),
    }
}

/// The same with seven conditions, most of which all documents satisfy.
pub(crate) fn alert_mixed(count: usize, random: &mut Random) -> Workload {
    let groups = count / 10;
    let filters = (0..count).map(|it| {
        json!({"and": [
            {"regexp": {"name": {"value": "^.*-myapp-.*$"}}},
            {"equals": {"env": "prod"}},
            {"equals": {"number": (it % groups).to_string()}},
            {"equals": {"tag1": "a"}},
            {"equals": {"tag2": format!("b{}", it / groups)}},
            {"not": {"equals": {"region": "moon"}}},
            {"in": {"type": ["app", "database"]}},
        ]})
    });
    let documents = (0..1000).map(|it| {
        let number = random.below(groups as u64).to_string();
        json!({"name": format!("app-myapp-{it}"), "env": "prod", "number": number, "tag1": "a",
            "tag2": format!("b{}", random.below(10)), "region": "earth", "type": "app"})
        .to_string()
    });
    Workload {
        filters: filters.collect(),
        documents: documents.collect(),
    }
}
