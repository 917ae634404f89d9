//! The shapes that several engines can express: `equals`, rules of four
//! conditions, ranges, patterns and negations on events of a kilobyte.
//!
//! Documents are made to match: some of their values are taken from filters.

use serde_json::json;

use crate::event::{Event, STATUS, TEXTS, documents, equals};
use crate::random::distinct;
use crate::{Random, Workload};

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
