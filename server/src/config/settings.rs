//! The merged tree of all sources, before it is checked and typed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::keys::{self, KEYS};
use super::{Config, ConfigError, Origins, listing, sources};

/// Settings from all sources; the last one who names a key decides.
#[derive(Clone, Debug)]
pub struct Settings {
    tree: Map<String, Value>,
    /// Who set a key that is not at its default, for messages.
    set_by: BTreeMap<String, String>,
    development: bool,
}

/// Where settings may come from, besides the usual files.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The working directory: `.kuzzlerc` is looked for here and above.
    pub folder: PathBuf,
    pub home: Option<PathBuf>,
    /// `--config`.
    pub file: Option<PathBuf>,
    pub environment: Vec<(String, String)>,
    /// `--a.b=c` as (`a.b`, `c`).
    pub arguments: Vec<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tree: keys::defaults(),
            set_by: BTreeMap::new(),
            development: false,
        }
    }
}

impl Settings {
    /// Reads all sources, the weakest first: defaults, files, environment, arguments.
    pub fn load(from: &Sources) -> Result<Self, ConfigError> {
        let mut settings = Self::default();
        let usual = sources::usual_files(&from.folder, from.home.as_deref());
        for file in usual.iter().filter(|it| it.is_file()).chain(&from.file) {
            settings.merge(sources::read_file(file)?, &describe_file(file));
        }
        for (name, value) in &from.environment {
            if let Some((path, value)) = sources::read_variable(name, value)? {
                settings.put(&path, value, &format!("the environment variable {name}"));
            }
            settings.development |= name == "NODE_ENV" && value == "development";
        }
        for (path, text) in &from.arguments {
            let value = sources::convert(path, text)?;
            settings.put(path, value, "the command line");
        }
        Ok(settings)
    }

    /// Sets one key: `set("limits.documentsWriteCount", 500)`. Texts stand for what
    /// they look like, as everywhere.
    pub fn set(&mut self, path: &str, value: impl Into<Value>) {
        let value = match value.into() {
            Value::String(text) => sources::convert(path, &text).unwrap_or(Value::String(text)),
            value => value,
        };
        self.put(path, value, "the application");
    }

    fn merge(&mut self, tree: Map<String, Value>, by: &str) {
        for (path, value) in leaves(tree, "") {
            self.put(&path, value, by);
        }
    }

    /// Objects are merged key by key; all else replaces what was there.
    fn put(&mut self, path: &str, value: Value, by: &str) {
        if let Value::Object(below) = value {
            for (path, value) in leaves(below, &format!("{path}.")) {
                self.put(&path, value, by);
            }
            return;
        }
        self.set_by.insert(path.to_owned(), by.to_owned());
        keys::insert(&mut self.tree, path, value);
    }

    /// What is unknown or without effect, in sentences.
    pub fn warnings(&self) -> Vec<String> {
        let set = self.set_by.iter();
        set.filter_map(|(path, by)| Some(format!("{}, set by {by}", doubt(path)?)))
            .collect()
    }

    /// All settings with their values and meanings, as a file that can be edited
    /// and given back.
    pub fn listing(&self) -> String {
        listing::listing(&self.tree)
    }

    /// The typed settings, or the first value that cannot be.
    pub fn check(&self) -> Result<Config, ConfigError> {
        for key in KEYS {
            let value = keys::get(&self.tree, key.path).unwrap_or(&Value::Null);
            if !key.kind.accepts(value) {
                return Err(self.refuse(key.path, value, &key.kind.expected()));
            }
        }
        self.check_limits()?;
        let mut config: Config = serde_json::from_value(self.tree.clone().into())
            .map_err(|it| ConfigError::new(format!("the settings do not fit together: {it}")))?;
        let idle = &mut config.server.protocols.websocket.idle_timeout_ms;
        if *idle < 1000 {
            *idle = 60_000;
        }
        config.http.origins = self.origins()?;
        config.development = self.development;
        config.settings = Arc::new(self.tree.clone());
        Ok(config)
    }

    /// Limits that depend on each other.
    fn check_limits(&self) -> Result<(), ConfigError> {
        let number = |path| {
            keys::get(&self.tree, path)
                .and_then(Value::as_u64)
                .unwrap_or(0)
        };
        let (running, waiting) = ("limits.concurrentRequests", "limits.requestsBufferSize");
        let warning = "limits.requestsBufferWarningThreshold";
        if number(running) >= number(waiting) {
            let expected = format!("less than {waiting}, which is {}", number(waiting));
            return Err(self.refuse(running, &number(running).into(), &expected));
        }
        if !(number(running)..=number(waiting)).contains(&number(warning)) {
            let expected = format!(
                "between {running}, which is {}, and {waiting}, which is {}",
                number(running),
                number(waiting)
            );
            return Err(self.refuse(warning, &number(warning).into(), &expected));
        }
        Ok(())
    }

    fn origins(&self) -> Result<Origins, ConfigError> {
        let path = "http.accessControlAllowOrigin";
        let are_patterns = keys::get(&self.tree, "http.accessControlAllowOriginUseRegExp");
        let value = keys::get(&self.tree, path).unwrap_or(&Value::Null);
        let origins = Origins::read(value, are_patterns == Some(&Value::Bool(true)));
        origins.map_err(|it| self.refuse(path, value, &format!("regular expressions: {it}")))
    }

    fn refuse(&self, path: &str, found: &Value, expected: &str) -> ConfigError {
        // The value may have been set as a part of an object above it.
        let mut places = path.match_indices('.').map(|it| &path[..it.0]).rev();
        let by = self
            .set_by
            .get(path)
            .or_else(|| places.find_map(|it| self.set_by.get(it)));
        let by = by.map_or(String::new(), |it| format!(" (set by {it})"));
        let mut found = found.to_string();
        if found.chars().count() > 100 {
            found = found.chars().take(100).chain(['…']).collect();
        }
        ConfigError::new(format!("{path} is {found}{by}; it must be {expected}"))
    }
}

fn describe_file(file: &Path) -> String {
    format!("the file {}", file.display())
}

/// The paths and values of a tree, down to what is no object.
fn leaves(tree: Map<String, Value>, above: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (key, value) in tree {
        let path = format!("{above}{key}");
        match value {
            Value::Object(below) => {
                found.extend(leaves(below, &format!("{path}.")));
            }
            value => found.push((path, value)),
        }
    }
    found
}

/// What is to be said about a key that was set; `None` when it is fine.
fn doubt(path: &str) -> Option<String> {
    let is_known = |key: &keys::Key| {
        let is_below = path
            .strip_prefix(key.path)
            .is_some_and(|it| it.starts_with('.'));
        path == key.path || is_below && key.kind == keys::Kind::Free
    };
    if KEYS.iter().any(is_known) {
        return None;
    }
    let is_of_a_plugin = path.starts_with("plugins.") && !path.starts_with("plugins.common.");
    if is_of_a_plugin {
        return None;
    }
    if let Some(why) = keys::why_without_effect(path) {
        return Some(format!("the setting {path} has no effect ({why})"));
    }
    Some(match nearest(path) {
        Some(meant) => format!("unknown setting {path} (did you mean {meant}?)"),
        None => format!("unknown setting {path}"),
    })
}

/// The key that was probably meant.
fn nearest(path: &str) -> Option<&'static str> {
    let scored = KEYS.iter().map(|it| (distance(path, it.path), it.path));
    let (distance, key) = scored.min()?;
    let same_name = || {
        let last = |it: &'static str| it.rsplit('.').next().unwrap_or(it);
        let name = path.rsplit('.').next().unwrap_or(path);
        let mut same = KEYS.iter().map(|it| it.path);
        same.find(|it| last(it).eq_ignore_ascii_case(name))
    };
    match distance <= 1 + path.len() / 6 {
        true => Some(key),
        false => same_name(),
    }
}

/// Letters to insert, remove or replace, whatever their case.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_without_warnings() {
        let settings = Settings::default();
        let config = settings.check().unwrap();
        assert_eq!(settings.warnings(), [""; 0]);
        assert_eq!(
            (config.server.port, config.server.max_request_size.0),
            (7512, 1 << 20)
        );
        assert!(config.http.origins.are_any());
    }

    #[test]
    fn wrong_values_are_told() {
        let cases = [
            (
                "server.port",
                "70000",
                "server.port is 70000 (set by the command line); it must be an integer from 0 to 65535",
            ),
            (
                "limits.documentsFetchCount",
                "0",
                "limits.documentsFetchCount is 0 (set by the command line); it must be an integer of at least 1",
            ),
            (
                "limits.documentsFetchCount",
                "many",
                "limits.documentsFetchCount is \"many\" (set by the command line); it must be an integer of at least 1",
            ),
            (
                "limits.concurrentRequests",
                "50000",
                "limits.concurrentRequests is 50000 (set by the command line); it must be less than limits.requestsBufferSize, which is 50000",
            ),
            (
                "limits.requestsBufferWarningThreshold",
                "7",
                "limits.requestsBufferWarningThreshold is 7 (set by the command line); it must be between limits.concurrentRequests, which is 100, and limits.requestsBufferSize, which is 50000",
            ),
            (
                "http",
                "5",
                "http.accessControlAllowOrigin is null (set by the command line); it must be *, origins separated by commas, or an array of origins",
            ),
            (
                "server.maxRequestSize",
                "1 parsec",
                "server.maxRequestSize is \"1 parsec\" (set by the command line); it must be a number of bytes above 0, or a text such as 512kb or 1MB",
            ),
        ];
        for (path, text, expected) in cases {
            let from = Sources {
                arguments: vec![(path.into(), text.into())],
                ..Sources::default()
            };
            let error = Settings::load(&from).unwrap().check().unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn unknown_keys_are_warnings() {
        let cases = [
            (
                "server.prot",
                "unknown setting server.prot (did you mean server.port?), set by the application",
            ),
            (
                "limits.concurentRequests",
                "unknown setting limits.concurentRequests (did you mean limits.concurrentRequests?), set by the application",
            ),
            (
                "idleTimeout",
                "unknown setting idleTimeout (did you mean server.protocols.websocket.idleTimeout?), set by the application",
            ),
            (
                "something.else.entirely",
                "unknown setting something.else.entirely, set by the application",
            ),
            (
                "cluster.heartbeat",
                "the setting cluster.heartbeat has no effect (not built yet: one node serves alone), set by the application",
            ),
        ];
        for (path, expected) in cases {
            let mut settings = Settings::default();
            settings.set(path, 5);
            assert_eq!(settings.warnings(), [expected]);
        }
        let mut settings = Settings::default();
        settings.set("application.free", 5);
        settings.set("plugins.mine.key", 5);
        assert_eq!(settings.warnings(), [""; 0]);
    }
}
