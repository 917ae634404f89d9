//! The workloads, in small, against the evaluator: what is measured must be
//! right, and each of them must find something.

use koncorde::{Engine, Filter, matches};
use koncorde_benches::DEFINITIONS;
use serde_json::Value;

#[test]
fn the_engine_finds_what_the_evaluator_finds() {
    for definition in DEFINITIONS {
        let workload = definition.sample(200);
        let mut engine = Engine::new();
        let filters: Vec<_> = workload
            .filters
            .iter()
            .map(|it| (engine.register(it).unwrap(), Filter::parse(it).unwrap()))
            .collect();
        assert_eq!(engine.len(), 200, "{}", definition.name);
        let mut count = 0;
        for document in workload.documents.iter().take(40) {
            let mut found = engine.test_slice(document.as_bytes()).unwrap();
            found.sort_unstable();
            let document: Value = serde_json::from_str(document).unwrap();
            let holds = filters.iter().filter(|it| matches(&it.1, &document));
            let mut expected: Vec<_> = holds.map(|it| it.0).collect();
            expected.sort_unstable();
            assert_eq!(found, expected, "{}", definition.name);
            count += found.len();
        }
        assert!(count > 0, "{} finds nothing", definition.name);
    }
}
