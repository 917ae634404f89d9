//! Is the client made for this API? Step 16.

use serde_json::Value;

use crate::app::App;
use crate::error::{API_PROCESS_INCOMPATIBLE_SDK_VERSION, ApiError};
use crate::request::Request;

/// The first major version of each SDK that speaks this API.
const MINIMUM: &[(&str, u32)] = &[
    ("js", 7),
    ("csharp", 2),
    ("cpp", 2),
    ("java", 3),
    ("android", 5),
    ("go", 3),
    ("php", 4),
];

/// Refuses clients that say they are too old (`volatile.sdkName`), or so old that
/// they use another word for it (`volatile.sdkVersion`).
pub(super) fn check(app: &App, request: &Request) -> Result<(), ApiError> {
    let Some(volatile) = request.volatile.as_ref() else {
        return Ok(());
    };
    if !app.config.server.strict_sdk_version {
        return Ok(());
    }
    if let Some(version) = volatile.get("sdkVersion").filter(|it| !it.is_null()) {
        let version = version
            .as_str()
            .map_or_else(|| version.to_string(), Into::into);
        return Err(API_PROCESS_INCOMPATIBLE_SDK_VERSION.with([version, "Kuzzle v2".into()]));
    }
    match volatile.get("sdkName").and_then(Value::as_str) {
        Some(name) => check_name(name),
        None => Ok(()),
    }
}

/// `js@7.17.1`; what cannot be read passes.
fn check_name(sdk_name: &str) -> Result<(), ApiError> {
    let Some((name, version)) = sdk_name.split_once('@') else {
        return Ok(());
    };
    let minimum = MINIMUM.iter().find(|it| it.0 == name).map(|it| it.1);
    let major = version.split('.').next().and_then(|it| it.parse().ok());
    match (major, minimum) {
        (Some(major), Some(minimum)) if minimum > major => {
            let wanted = format!("{name} >= {minimum}");
            Err(API_PROCESS_INCOMPATIBLE_SDK_VERSION.with([sdk_name.into(), wanted]))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_sdks_are_refused() {
        let cases = [
            ("js@7.17.1", true),
            ("js@6.0.0", false),
            ("js@10.0.0", true),
            ("java@2.9", false),
            ("java@3", true),
            ("rust@0.1.0", true),
            ("js", true),
            ("js@", true),
            ("js@next", true),
        ];
        for (name, passes) in cases {
            assert_eq!(check_name(name).is_ok(), passes, "{name}");
        }
    }
}
