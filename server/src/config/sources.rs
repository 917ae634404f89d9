//! Reading one source into a tree: a file, the environment, an argument.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::ConfigError;
use super::keys::{self, Kind};

/// A configuration file: JSON with comments, or INI.
///
/// A longer one is refused: a data file given by mistake.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// The files that are read when they exist, the weakest first.
pub(super) fn usual_files(folder: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let mut files = vec!["/etc/kuzzle/config".into(), "/etc/kuzzlerc".into()];
    if let Some(home) = home {
        let places = [
            ".config/kuzzle/config",
            ".config/kuzzle",
            ".kuzzle/config",
            ".kuzzlerc",
        ];
        files.extend(places.map(|it| home.join(it)));
    }
    let nearest = folder.ancestors().map(|it| it.join(".kuzzlerc"));
    files.extend(nearest.into_iter().find(|it| it.is_file()));
    files
}

/// The tree in a file, its texts converted.
pub(super) fn read_file(path: &Path) -> Result<Map<String, Value>, ConfigError> {
    let fail = |why: &dyn std::fmt::Display| {
        ConfigError::new(format!(
            "cannot read the configuration file {}: {why}",
            path.display()
        ))
    };
    let length = std::fs::metadata(path).map_err(|it| fail(&it))?.len();
    if length > FILE_BYTES_MAX {
        return Err(fail(&format!(
            "{length} bytes are more than {FILE_BYTES_MAX}"
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|it| fail(&it))?;
    let tree = match text.trim_start().starts_with(['{', '/']) {
        true => jsonc_parser::parse_to_serde_value::<Value>(&text, &Default::default())
            .map_err(|it| fail(&it))?,
        false => read_ini(&text).map_err(|it| fail(&it))?.into(),
    };
    let Value::Object(mut tree) = tree else {
        return Err(fail(&"it does not hold an object"));
    };
    convert_all(&mut tree, "")?;
    Ok(tree)
}

/// `[section.below]` and `key = value` lines.
fn read_ini(text: &str) -> Result<Map<String, Value>, String> {
    let mut tree = Map::new();
    let mut section = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
            section = format!("{}.", name.trim());
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            return Err(format!(
                "line {}: expected key = value, found {line}",
                number + 1
            ));
        };
        let path = format!("{section}{}", key.trim());
        let value = value.trim();
        let unquoted = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        keys::insert(&mut tree, &path, unquoted.unwrap_or(value).into());
    }
    Ok(tree)
}

/// The path and value of an environment variable `kuzzle_server__port`.
pub(super) fn read_variable(
    name: &str,
    value: &str,
) -> Result<Option<(String, Value)>, ConfigError> {
    let Some(path) = name.strip_prefix("kuzzle_") else {
        return Ok(None);
    };
    let path = path.replace("__", ".");
    let value = convert(&path, value)?;
    Ok(Some((path, value)))
}

fn convert_all(tree: &mut Map<String, Value>, above: &str) -> Result<(), ConfigError> {
    for (key, value) in tree {
        let path = format!("{above}{key}");
        match value {
            Value::Object(below) => convert_all(below, &format!("{path}."))?,
            Value::String(text) => *value = convert(&path, text)?,
            _ => {}
        }
    }
    Ok(())
}

/// What a text stands for: `true`, `12`, `*json:[1, 2]`; texts stay texts where
/// the table asks for one, and in versions.
pub(super) fn convert(path: &str, text: &str) -> Result<Value, ConfigError> {
    if let Some(json) = text.strip_prefix("*json:") {
        return serde_json::from_str(json).map_err(|it| {
            ConfigError::new(format!("{path} does not hold JSON after *json: {it}"))
        });
    }
    let is_text = keys::find(path).is_some_and(|it| it.kind == Kind::Text);
    if is_text
        || path.to_ascii_lowercase().ends_with("version") && !path.ends_with("strictSdkVersion")
    {
        return Ok(text.into());
    }
    Ok(match text {
        "true" => true.into(),
        "false" => false.into(),
        text => number(text).unwrap_or_else(|| text.into()),
    })
}

/// Integers and decimals, nothing a number might also look like.
fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let integer = text.parse::<i64>().ok().map(Value::from);
    integer.or_else(|| Some(Value::from(text.parse::<f64>().ok()?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_become_what_they_stand_for() {
        let cases = [
            ("server.port", "80", json!(80)),
            ("server.port", "-1.5", json!(-1.5)),
            ("server.port", "1e3", json!("1e3")),
            ("server.port", "", json!("")),
            ("server.strictSdkVersion", "false", json!(false)),
            ("server.dataPath", "2024", json!("2024")),
            ("services.storageEngine.majorVersion", "7", json!("7")),
            ("application.list", "*json:[1,2]", json!([1, 2])),
        ];
        for (path, text, value) in cases {
            assert_eq!(convert(path, text).unwrap(), value, "{path} {text}");
        }
        assert!(convert("application.x", "*json:{").is_err());
    }

    #[test]
    fn ini_sections_are_paths() {
        let text = "; comment\napplication.x = 1\n[server]\nport = 80\n[server.protocols]\nname = \"a b\"\n";
        let tree = read_ini(text).unwrap();
        let expected = json!({
            "application": { "x": "1" },
            "server": { "port": "80", "protocols": { "name": "a b" } },
        });
        assert_eq!(Value::from(tree), expected);
        assert!(read_ini("what").is_err());
    }
}
