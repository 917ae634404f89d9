//! Scenarios as they are written: a file is an object, name → steps; a step is one
//! thing done and what must come of it. `tests/scenarios/README.md` explains the
//! format to those who write them.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::tables;

/// Keys that say what a step does, and the other keys that it may have. A key that
/// nobody reads would be an expectation that nobody checks.
pub const VERBS: [(&str, &[&str]); 7] = [
    (
        "call",
        &[
            "as",
            "at",
            "with",
            "over",
            "result",
            "error",
            "raw",
            "status",
            "envelope",
            "answer_headers",
            "eventually",
            "events",
            "all_events",
            "notified",
        ],
    ),
    ("subscribe", &["as", "at", "with", "room", "notified"]),
    ("given", &["mappings", "at"]),
    (
        "http",
        &[
            "headers",
            "body",
            "status",
            "answer",
            "text",
            "answer_headers",
        ],
    ),
    ("send", &["as", "answer"]),
    ("connect", &["headers"]),
    ("disconnect", &["notified"]),
];

/// Scenarios that share a server.
pub struct File {
    /// The path below the folder of scenarios, without its extension.
    pub name: String,
    pub settings: Vec<String>,
    pub environment: Vec<(String, String)>,
    /// Whether the server runs in the process of the test, which then sees events.
    pub is_in_process: bool,
    pub scenarios: Vec<Scenario>,
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    /// In names of indexes: the file, and the place in it.
    pub slug: String,
    pub over: Vec<Transport>,
    /// Why it cannot hold yet: it must fail until it does.
    pub pending: Option<String>,
    /// Whether published fences separate the steps; they need a room of their own.
    pub has_fence: bool,
    pub steps: Vec<Step>,
}

/// A step, with its keys as written.
pub type Step = Map<String, Value>;

/// The ways in which an action can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    WebSocket,
    /// The first route of the action.
    Http,
    /// The second route, where there is one.
    HttpAlternative,
    /// `POST /_query`.
    Query,
}

impl Transport {
    pub const ALL: [Self; 4] = [
        Self::WebSocket,
        Self::Http,
        Self::HttpAlternative,
        Self::Query,
    ];

    /// As scenarios and reports call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::Http => "http",
            Self::HttpAlternative => "http-2",
            Self::Query => "query",
        }
    }

    fn is_called(self, name: &str) -> bool {
        self.name() == name || (self == Self::HttpAlternative && name == "http")
    }

    /// Those that the list of names allows; all without a list.
    pub fn among(names: Option<&Value>) -> Vec<Self> {
        let Some(names) = names else {
            return Self::ALL.to_vec();
        };
        let names: Vec<_> = names.as_array().unwrap().iter().collect();
        for name in &names {
            let is_known = Self::ALL.iter().any(|it| *name == it.name());
            assert!(is_known, "no transport is called {name}");
        }
        let mut all = Self::ALL.to_vec();
        all.retain(|it| {
            names
                .iter()
                .any(|name| it.is_called(name.as_str().unwrap()))
        });
        all
    }
}

/// Every file of scenarios, sorted by name.
pub fn load() -> Vec<File> {
    let mut files = Vec::new();
    load_folder(&tables::folder(), &mut files);
    files.sort_by(|left, right| left.name.cmp(&right.name));
    files
}

fn load_folder(folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tables") {
            load_folder(&path, files);
        } else if path.is_file() && path.extension().is_some_and(|it| it == "json5") {
            files.push(File::load(&path));
        }
    }
}

impl File {
    fn load(path: &Path) -> Self {
        let below = path.strip_prefix(tables::folder()).unwrap();
        let name = below.with_extension("").to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        let pairs: Pairs = jsonc_parser::parse_to_serde_value(&text, &Default::default())
            .unwrap_or_else(|it| panic!("{}: {it}", path.display()));
        let mut file = Self {
            name,
            settings: Vec::new(),
            environment: Vec::new(),
            is_in_process: false,
            scenarios: Vec::new(),
        };
        for (key, value) in pairs.0 {
            match key.as_str() {
                "settings" => {
                    let settings = value.as_array().unwrap().iter();
                    file.settings = settings.map(|it| it.as_str().unwrap().to_owned()).collect();
                }
                "environment" => {
                    let environment = value.as_object().unwrap().iter();
                    file.environment = environment
                        .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
                        .collect();
                }
                "in_process" => file.is_in_process = value == Value::Bool(true),
                _ => file.add(key, &value),
            }
        }
        file
    }

    fn add(&mut self, name: String, steps: &Value) {
        let steps = steps
            .as_array()
            .unwrap_or_else(|| panic!("{name}: no steps"));
        let mut steps: Vec<Step> = steps
            .iter()
            .map(|it| it.as_object().unwrap().clone())
            .collect();
        // A first step that does nothing speaks of the whole scenario.
        let (mut over, mut has_fence, mut pending) = (Transport::ALL.to_vec(), true, None);
        if verb_of(&steps[0]).is_none() {
            let options = steps.remove(0);
            over = Transport::among(options.get("over"));
            has_fence = options.get("fence") != Some(&Value::Bool(false));
            pending = options
                .get("pending")
                .and_then(Value::as_str)
                .map(str::to_owned);
            let is_known = |it: &String| ["over", "fence", "pending"].contains(&it.as_str());
            assert!(options.keys().all(is_known), "{name}: {options:?}");
        }
        for step in &steps {
            check_keys(step).unwrap_or_else(|it| panic!("{}: {name}: {it}", self.name));
        }
        let slug = format!(
            "{}-{}",
            self.name.replace(['/', '_'], "-"),
            self.scenarios.len() + 1
        );
        self.scenarios.push(Scenario {
            name,
            slug,
            over,
            pending,
            has_fence,
            steps,
        });
    }
}

/// What the step does; `None` if it does nothing.
pub fn verb_of(step: &Step) -> Option<&'static str> {
    let mut verbs = VERBS.iter().map(|(verb, _)| *verb);
    verbs.find(|it| step.contains_key(*it))
}

fn check_keys(step: &Step) -> Result<(), String> {
    let found = VERBS.iter().find(|(verb, _)| step.contains_key(*verb));
    let (verb, others) = found.ok_or_else(|| format!("a step that does nothing: {step:?}"))?;
    for key in step.keys().map(String::as_str) {
        if key != *verb && !others.contains(&key) {
            return Err(format!("a step of `{verb}` has no `{key}`"));
        }
    }
    let answers = ["result", "error", "raw"];
    let answers = answers.iter().filter(|it| step.contains_key(**it)).count();
    if *verb == "call" && answers != 1 {
        return Err(format!("what does {} answer?", step["call"]));
    }
    Ok(())
}

/// The pairs of an object, where a repeated key is an error: one of two scenarios of
/// the same name would vanish.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object: name → steps")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let (mut pairs, mut names) = (Vec::new(), HashSet::new());
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if !names.insert(key.clone()) {
                return Err(serde::de::Error::custom(format!("two scenarios: {key}")));
            }
            pairs.push((key, value));
        }
        Ok(Pairs(pairs))
    }
}
