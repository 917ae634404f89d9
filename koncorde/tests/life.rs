//! Filters come, go and move while documents are tested: what they match stays.

use std::collections::BTreeMap;

use koncorde::{Engine, Filter, FilterId, Koncorde, matches};
use serde_json::{Value, json};

/// Numbers from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % end
    }

    /// Mostly the numbers around `usual`.
    fn skewed(&mut self, usual: u64) -> u64 {
        match self.below(4) {
            0 => self.below(20),
            _ => usual + self.below(2),
        }
    }
}

fn condition(random: &mut Random) -> Value {
    let field = format!("f{}", random.below(4));
    let number = random.below(20);
    match random.below(12) {
        0..=5 => json!({"equals": {field: number}}),
        6 => json!({"in": {field: [number, random.below(20), 99]}}),
        7 => json!({"range": {field: {"gte": number, "lt": number + 3}}}),
        8 => json!({"exists": field}),
        9 => json!({"not": {"equals": {field: number}}}),
        10 => json!({"regexp": {"text": format!("^v?{}", random.below(10))}}),
        _ => json!({"exists": format!("list[{number}]")}),
    }
}

fn filter(random: &mut Random, depth: u64) -> Value {
    if depth == 0 || random.below(5) == 0 {
        return condition(random);
    }
    let operands = 2 + random.below(3);
    let operands: Vec<Value> = (0..operands).map(|_| filter(random, depth - 1)).collect();
    match random.below(3) {
        0 => json!({"or": operands}),
        _ => json!({"and": operands}),
    }
}

fn document(random: &mut Random, usual: u64) -> Value {
    let mut document = json!({
        "text": format!("v{}", random.skewed(usual)),
        "list": [random.skewed(usual), random.below(20)],
    });
    for field in 0..4 {
        if random.below(8) > 0 {
            document[format!("f{field}")] = random.skewed(usual).into();
        }
    }
    document
}

fn tested(engine: &Engine, document: &Value) -> Vec<FilterId> {
    let mut ids = engine.test(document);
    ids.sort();
    ids
}

#[test]
fn moving_filters_changes_no_result() {
    for seed in 0..3 {
        println!("seed {seed}");
        let mut random = Random(seed);
        let mut engine = Engine::new();
        let mut model: BTreeMap<FilterId, Filter> = BTreeMap::new();
        for round in 0..25 {
            // What is common changes all the time.
            let usual = round * 7 % 19;
            for _ in 0..30 {
                let json = filter(&mut random, 2);
                let id = engine.register(&json).unwrap();
                model.insert(id, Filter::parse(&json).unwrap());
            }
            for _ in 0..1000 {
                engine.test(&document(&mut random, usual));
            }
            let budget = random.below(3) as usize * 100;
            assert!(engine.optimize(budget) <= budget);
            for _ in 0..10 {
                let place = random.below(model.len() as u64) as usize;
                let id = *model.keys().nth(place).unwrap();
                assert!(engine.remove(&id));
                model.remove(&id);
            }
            for _ in 0..10 {
                let document = document(&mut random, usual);
                let holds = model.iter().filter(|it| matches(it.1, &document));
                let expected: Vec<FilterId> = holds.map(|it| *it.0).collect();
                assert_eq!(tested(&engine, &document), expected, "{document}");
            }
            // A filter is what it was, and still has its id.
            for (id, filter) in &model {
                let restored = engine.filter(id).unwrap();
                let document = document(&mut random, usual);
                assert_eq!(matches(&restored, &document), matches(filter, &document));
                let again = engine.normalize(&restored.to_json()).unwrap().id();
                assert_eq!(again, *id, "{filter} is {restored}");
            }
            engine.check_invariants();
            assert_eq!(engine.statistics().filters, model.len());
        }
        assert!(engine.statistics().moves > 0, "nothing moved");
        for id in model.keys() {
            engine.remove(id);
        }
        engine.check_invariants();
        let statistics = engine.statistics();
        let left = [
            statistics.subfilters,
            statistics.conditions,
            statistics.fields,
        ];
        assert_eq!(left, [0; 3]);
    }
}

/// 1 000 filters on a status and a city. First one status is everywhere, then one
/// city is: filters are found through what is rare at the time.
#[test]
fn filters_follow_the_traffic() {
    let mut koncorde = Koncorde::new();
    for number in 0..1000 {
        let filter = json!({"and": [
            {"equals": {"status": format!("s{}", number % 10)}},
            {"equals": {"city": format!("c{}", number / 10 % 10)}},
            {"not": {"equals": {"user": number}}},
        ]});
        koncorde.register(&filter, None).unwrap();
    }
    let moves = |koncorde: &mut Koncorde, status: &str, city: &str| {
        let document = json!({"status": status, "city": city});
        for _ in 0..200_000 {
            assert_eq!(koncorde.test(&document, None), []);
        }
        let before = koncorde.statistics().moves;
        while koncorde.optimize(100) > 0 {}
        koncorde.statistics().moves - before
    };
    // As many as were not found through the other field in the first place; at
    // least those of both values, which have to move each time.
    moves(&mut koncorde, "s0", "elsewhere");
    assert_eq!(moves(&mut koncorde, "s0", "elsewhere"), 0);
    for (status, city) in [("unknown", "c0"), ("s0", "elsewhere"), ("unknown", "c0")] {
        let moved = moves(&mut koncorde, status, city);
        assert!((10..=100).contains(&moved), "{moved} moved");
        assert_eq!(moves(&mut koncorde, status, city), 0, "all have moved");
    }
}
