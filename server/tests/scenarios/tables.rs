//! The facts that scenarios lean on: errors, actions, patterns with a name. They were
//! written down from the contract, not from the server.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub struct Tables {
    actions: HashMap<String, Action>,
    errors: HashMap<String, (u64, u64)>,
    /// Bound in every scenario.
    pub patterns: Map<String, Value>,
}

#[derive(Default)]
pub struct Action {
    /// Verb and path, in the order of the public API.
    pub routes: Vec<(String, String)>,
    /// `index`, or `index` and `collection`.
    pub at: Vec<String>,
}

impl Tables {
    pub fn load() -> Self {
        let table = |name: &str| parse(&folder().join("tables").join(name));
        let actions = pairs(&table("actions.json5"))
            .map(|(name, action)| (name, Action::read(&action)))
            .collect();
        let errors = pairs(&table("errors.json5"))
            .map(|(id, facts)| (id, (facts[0].as_u64().unwrap(), facts[1].as_u64().unwrap())))
            .collect();
        let patterns = pairs(&table("patterns.json5")).collect();
        Self {
            actions,
            errors,
            patterns,
        }
    }

    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.get(name)
    }

    /// The names of all actions.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.keys().map(String::as_str)
    }

    /// Code and status of an error.
    pub fn error(&self, id: &str) -> (u64, u64) {
        *self
            .errors
            .get(id)
            .unwrap_or_else(|| panic!("no error is called {id}"))
    }
}

impl Action {
    fn read(facts: &Value) -> Self {
        let texts = |key: &str| -> Vec<String> {
            let list = facts.get(key).and_then(Value::as_array);
            let list = list.into_iter().flatten();
            list.map(|it| it.as_str().unwrap().to_owned()).collect()
        };
        let routes = texts("routes");
        Self {
            routes: routes
                .iter()
                .map(|it| it.split_once(' ').unwrap())
                .map(|(verb, path)| (verb.to_owned(), path.to_owned()))
                .collect(),
            at: texts("at"),
        }
    }
}

/// Where the scenarios are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios")
}

pub fn parse(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|it| panic!("{}: {it}", path.display()));
    jsonc_parser::parse_to_serde_value(&text, &Default::default())
        .unwrap_or_else(|it| panic!("{}: {it}", path.display()))
}

fn pairs(object: &Value) -> impl Iterator<Item = (String, Value)> {
    object.as_object().unwrap().clone().into_iter()
}
