//! Settings and where they come from.
//!
//! Files, environment and arguments are merged into one tree of JSON
//! ([`Settings`]); the table of keys checks it; what the program uses is the typed
//! [`Config`]. A wrong value ends the start with the key, what was found, where,
//! and what is allowed. An unknown key is only a warning, with the key that was
//! probably meant.

mod settings; // the merged tree: files, environment, arguments
mod sources; // reading one source into a tree
mod listing; // all of them as a file to start from
mod keys; // the table: key, default, allowed values, meaning
mod values; // sizes, durations and origins, as people write them
#[cfg(test)]
mod reference; // docs/config.md, written from the table

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use settings::{Settings, Sources};
pub(crate) use values::{Origins, Size, parse_duration};

/// All settings, checked. The names are those of the keys.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    pub http: Http,
    pub limits: Limits,
    pub plugins: Plugins,
    pub server: Server,
    pub services: Services,
    /// Specifications of collections that have none stored, by index and collection.
    pub validation: Map<String, Value>,
    /// Free keys for the application.
    pub application: Map<String, Value>,
    /// `NODE_ENV=development`: deprecations are told to clients.
    #[serde(skip)]
    pub development: bool,
    /// Everything as merged, keys of plugins included.
    #[serde(skip)]
    pub settings: Arc<Map<String, Value>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    #[serde(skip)]
    pub origins: Origins,
    pub access_control_allow_methods: String,
    pub access_control_allow_headers: String,
    pub cookie_authentication: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    pub concurrent_requests: usize,
    pub documents_fetch_count: usize,
    pub documents_write_count: usize,
    pub logins_per_second: usize,
    pub requests_buffer_size: usize,
    pub requests_buffer_warning_threshold: usize,
    pub subscription_conditions_count: usize,
    /// 0: no limit.
    pub subscription_rooms: usize,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Plugins {
    pub common: PluginsCommon,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PluginsCommon {
    /// Milliseconds after which a pipe is called slow in the log; 0: never.
    #[serde(rename = "pipeWarnTime")]
    pub pipe_warn_ms: u64,
    pub max_concurrent_pipes: usize,
    pub pipes_buffer_size: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// 0: any free port.
    pub port: u16,
    pub host: String,
    pub data_path: PathBuf,
    pub max_request_size: Size,
    pub max_connections: usize,
    pub strict_sdk_version: bool,
    pub app_logs: AppLogs,
    pub protocols: Protocols,
}

#[derive(Clone, Debug, Deserialize)]
pub struct AppLogs {
    pub level: String,
    pub format: LogFormat,
}

impl AppLogs {
    /// The level as directives for a filter of events.
    pub fn filter(&self) -> String {
        keys::level(&self.level).unwrap_or_else(|| "info".into())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Protocols {
    pub http: HttpProtocol,
    pub websocket: WebSocketProtocol,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpProtocol {
    pub enabled: bool,
    pub additional_content_types: Vec<String>,
    pub allow_compression: bool,
    pub max_encoding_layers: usize,
    pub max_form_file_size: Size,
    #[serde(rename = "receiveTimeout")]
    pub receive_timeout_ms: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebSocketProtocol {
    pub enabled: bool,
    #[serde(rename = "idleTimeout")]
    pub idle_timeout_ms: u64,
    /// Messages per second and socket; 0: no limit.
    pub rate_limit: u32,
    pub realtime_notifications: bool,
    pub reset_idle_timeout_on_send: bool,
    pub send_pings_automatically: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Services {
    pub storage_engine: StorageEngine,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageEngine {
    /// Settings a new collection gets when it asks for nothing else.
    pub default_settings: Map<String, Value>,
    #[serde(deserialize_with = "values::duration")]
    pub max_scroll_duration: Duration,
    pub defaults: StorageDefaults,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageDefaults {
    pub on_update_conflict_retries: u32,
    #[serde(rename = "scrollTTL", deserialize_with = "values::duration")]
    pub scroll_ttl: Duration,
}

impl Default for Config {
    fn default() -> Self {
        let defaults = Settings::default().check();
        defaults.expect("the defaults are within their own bounds: a test checks it")
    }
}

/// Why the settings cannot be used; one line that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(String);

impl ConfigError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}
