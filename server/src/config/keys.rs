//! The table of keys: default, what is allowed, meaning. Checks, did-you-mean
//! hints and `docs/config.md` all come from here.

use serde_json::{Map, Value};

use super::values::{Origins, Size, parse_duration_ms};

/// A line of the table.
pub(super) struct Key {
    /// With dots between levels.
    pub path: &'static str,
    /// As JSON text.
    pub default: &'static str,
    pub kind: Kind,
    pub meaning: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Flag,
    /// An integer within both bounds, included.
    Integer(u64, u64),
    Text,
    Size,
    Duration,
    Origins,
    Level,
    OneOf(&'static [&'static str]),
    /// An array of texts.
    Texts,
    /// An object with whatever keys.
    Free,
}

use Kind::{Duration, Flag, Free, Integer, Level, OneOf, Size as Bytes, Text, Texts};

const ANY: u64 = 9_007_199_254_740_991; // the greatest integer JavaScript clients can tell from its neighbours

macro_rules! keys {
    ($($path:literal $default:literal $kind:expr; $meaning:literal)*) => {
        /// Every key with an effect.
        pub(super) static KEYS: &[Key] = &[$(Key { path: $path, default: $default, kind: $kind, meaning: $meaning }),*];
    };
}

keys! {
    "application" "{}" Free; "free keys for the application"
    "http.accessControlAllowOrigin" "\"*\"" Kind::Origins; "origins of web pages that may use the API: `*`, a list with commas, or an array"
    "http.accessControlAllowOriginUseRegExp" "false" Flag; "the origins are regular expressions"
    "http.accessControlAllowMethods" "\"GET,POST,PUT,PATCH,DELETE,OPTIONS,HEAD\"" Text; "value of the CORS header"
    "http.accessControlAllowHeaders" "\"Content-Type, Access-Control-Allow-Headers, Authorization, X-Requested-With, Content-Encoding, Content-Length, X-Kuzzle-Volatile\"" Text; "value of the CORS header"
    "http.cookieAuthentication" "true" Flag; "the cookie `authToken` is accepted; adds `Access-Control-Allow-Credentials`"
    "limits.concurrentRequests" "100" Integer(1, ANY); "requests that run at once; smaller than `limits.requestsBufferSize`"
    "limits.documentsFetchCount" "10000" Integer(1, ANY); "documents a request may read"
    "limits.documentsWriteCount" "200" Integer(1, ANY); "documents a request may write"
    "limits.loginsPerSecond" "1" Integer(1, ANY); "logins per second and connection"
    "limits.requestsBufferSize" "50000" Integer(1, ANY); "requests that wait; beyond, they are answered with 503"
    "limits.requestsBufferWarningThreshold" "5000" Integer(1, ANY); "waiting requests from which `core:overload` is told; between the two limits above"
    "limits.subscriptionConditionsCount" "100" Integer(1, ANY); "conditions in a subscription's filter"
    "limits.subscriptionRooms" "1000000" Integer(0, ANY); "distinct rooms; 0: no limit"
    "plugins.common.maxConcurrentPipes" "50" Integer(1, ANY); "chains of pipes that run at once"
    "plugins.common.pipesBufferSize" "50000" Integer(1, ANY); "chains of pipes that wait; beyond, requests are answered with 503"
    "plugins.common.pipeWarnTime" "500" Integer(0, ANY); "milliseconds after which a pipe is reported as slow; 0: never"
    "server.appLogs.level" "\"info\"" Level; "what is logged to standard error: `off`, `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,koncorde_server::protocols=debug`"
    "server.appLogs.format" "\"text\"" OneOf(&["text", "json"]); "one line of text or one JSON object per event"
    "server.dataPath" "\"./koncorde-data\"" Text; "folder that holds all data; created when missing"
    "server.host" "\"::\"" Text; "address to listen on: `::` and `0.0.0.0` are all interfaces, `127.0.0.1` this machine only"
    "server.maxConnections" "100000" Integer(1, 4_000_000_000); "open connections; beyond, new ones are answered with 503 and closed"
    "server.maxRequestSize" "\"1MB\"" Bytes; "body of an HTTP request (also once decompressed), message of a WebSocket"
    "server.port" "7512" Integer(0, 65535); "HTTP and WebSocket; 0: any free port"
    "server.protocols.http.additionalContentTypes" "[]" Texts; "further content types to accept; a pipe on `protocol:http:beforeParsingPayload` makes JSON of them"
    "server.protocols.http.allowCompression" "true" Flag; "gzip and deflate are announced in `Accept-Encoding` of answers"
    "server.protocols.http.enabled" "true" Flag; "answer HTTP requests"
    "server.protocols.http.maxEncodingLayers" "3" Integer(1, 16); "encodings on top of each other in `Content-Encoding`"
    "server.protocols.http.maxFormFileSize" "\"1MB\"" Bytes; "a file in a multipart form"
    "server.protocols.http.receiveTimeout" "60000" Integer(10, ANY); "milliseconds: for the headers of a request, which is also how long an unused connection stays open, and between two pieces of a body"
    "server.protocols.websocket.enabled" "true" Flag; "accept WebSocket connections"
    "server.protocols.websocket.idleTimeout" "60000" Integer(0, ANY); "milliseconds without a sign of life before a socket is closed; less than 1000 means 60000"
    "server.protocols.websocket.rateLimit" "0" Integer(0, 4_294_967_295); "messages per second and socket; 0: no limit"
    "server.protocols.websocket.realtimeNotifications" "true" Flag; "tell sockets that their token has expired"
    "server.protocols.websocket.resetIdleTimeoutOnSend" "false" Flag; "what the server sends counts as a sign of life"
    "server.protocols.websocket.sendPingsAutomatically" "false" Flag; "ping idle sockets before their timeout"
    "server.strictSdkVersion" "true" Flag; "refuse SDKs made for another major version of the API"
    "services.storageEngine.defaultSettings" "{\"number_of_replicas\":1,\"number_of_shards\":1}" Free; "settings of new collections, kept and returned"
    "services.storageEngine.defaults.onUpdateConflictRetries" "0" Integer(0, 1000); "retries of an update that met another one"
    "services.storageEngine.defaults.scrollTTL" "\"15s\"" Duration; "life of a scroll cursor after each page"
    "services.storageEngine.maxScrollDuration" "\"1m\"" Duration; "longest life a request may ask for its scroll cursor"
    "validation" "{}" Free; "specifications of collections that have none stored: `{<index>: {<collection>: {strict, fields, validators}}}`"
}

/// Keys of the original without an effect here, and why; also those below them.
pub(super) static WITHOUT_EFFECT: &[(&str, &str)] = &[
    (
        "realtime.pcreSupport",
        "regular expressions in filters always follow RE2",
    ),
    ("dump", "there are no dumps"),
    ("http.routes", "the routes belong to the actions"),
    (
        "limits.subscriptionMinterms",
        "filters are not expanded into minterms",
    ),
    (
        "limits.subscriptionDocumentTTL",
        "the previous version of a document decides that it left a room, whatever its age",
    ),
    (
        "plugins.common.bootstrapLockTimeout",
        "nothing waits for that lock",
    ),
    (
        "plugins.common.pipeTimeout",
        "obsolete: use plugins.common.pipeWarnTime",
    ),
    ("plugins.common.failsafeMode", "not built yet"),
    ("plugins.common.initTimeout", "not built yet"),
    ("plugins.common.include", "not built yet"),
    ("repositories", "there is no cache of users to expire"),
    (
        "security",
        "security is not built yet: everybody is anonymous and may do everything",
    ),
    ("server.appLogs.transport", "logs go to standard error"),
    ("server.logs", "access logs are not built yet"),
    ("server.protocols.mqtt", "MQTT is not built yet"),
    (
        "server.protocols.websocket.compression",
        "permessage-deflate is not offered; clients fall back to plain messages",
    ),
    (
        "server.protocols.websocket.heartbeat",
        "obsolete: use server.protocols.websocket.idleTimeout",
    ),
    ("services.common", "services are built in and start at once"),
    ("services.internalCache", "the cache is built in"),
    ("services.memoryStorage", "not built yet"),
    ("services.internalIndex", "storage is built in"),
    ("services.storageEngine", "storage is built in"),
    ("stats", "statistics are not built yet"),
    ("cluster", "not built yet: one node serves alone"),
    ("validation", "not built yet"),
    (
        "controllers.definition.allowAdditionalActionProperties",
        "not built yet",
    ),
];

impl Key {
    pub(super) fn default_value(&self) -> Value {
        serde_json::from_str(self.default).unwrap_or_default()
    }
}

/// The line of this key.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|it| it.path == path)
}

/// Why this key of the original has no effect.
pub(super) fn why_without_effect(path: &str) -> Option<&'static str> {
    let covers =
        |key: &str| path == key || path.strip_prefix(key).is_some_and(|it| it.starts_with('.'));
    let found = WITHOUT_EFFECT.iter().find(|it| covers(it.0));
    found.map(|it| it.1)
}

/// All defaults as one tree.
pub(super) fn defaults() -> Map<String, Value> {
    let mut tree = Map::new();
    for key in KEYS {
        insert(&mut tree, key.path, key.default_value());
    }
    tree
}

/// Puts a value at a path with dots, making the objects on the way.
pub(super) fn insert(tree: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            tree.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let below = tree.entry(first).or_insert(Value::Null);
            if !below.is_object() {
                *below = Map::new().into();
            }
            if let Value::Object(below) = below {
                insert(below, rest, value);
            }
        }
    }
}

/// The value at a path with dots.
pub(super) fn get<'a>(tree: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => tree.get(path),
        Some((first, rest)) => get(tree.get(first)?.as_object()?, rest),
    }
}

impl Kind {
    pub(super) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Flag => value.is_boolean(),
            Self::Integer(min, max) => value.as_u64().is_some_and(|it| min <= it && it <= max),
            Self::Text => value.is_string(),
            Self::Size => Size::read(value).is_some_and(|it| it.0 > 0),
            Self::Duration => value
                .as_str()
                .is_some_and(|it| parse_duration_ms(it).is_some()),
            Self::Origins => Origins::read(value, false).is_ok(),
            Self::Level => value.as_str().is_some_and(|it| level(it).is_some()),
            Self::OneOf(words) => value.as_str().is_some_and(|it| words.contains(&it)),
            Self::Texts => value
                .as_array()
                .is_some_and(|it| it.iter().all(Value::is_string)),
            Self::Free => value.is_object(),
        }
    }

    /// To be read after "must be".
    pub(super) fn expected(self) -> String {
        match self {
            Self::Flag => "true or false".into(),
            Self::Integer(min, ANY) => format!("an integer of at least {min}"),
            Self::Integer(min, max) => format!("an integer from {min} to {max}"),
            Self::Text => "a text".into(),
            Self::Size => "a number of bytes above 0, or a text such as 512kb or 1MB".into(),
            Self::Duration => "a duration such as 15s or 1m".into(),
            Self::Origins => "*, origins separated by commas, or an array of origins".into(),
            Self::Level => {
                "off, error, warn, info, debug, trace, or directives such as info,tokio=warn".into()
            }
            Self::OneOf(words) => words.join(" or "),
            Self::Texts => "an array of texts".into(),
            Self::Free => "an object".into(),
        }
    }
}

/// The filter of log events that a level means; the names of the original's
/// further levels are understood.
pub(super) fn level(text: &str) -> Option<String> {
    let text = match text {
        "silly" => "trace",
        "verbose" => "debug",
        "fatal" => "error",
        "silent" => "off",
        text => text,
    };
    let is_word = text.chars().all(|it| it.is_ascii_alphabetic());
    let known = ["off", "error", "warn", "info", "debug", "trace"];
    if is_word && !known.contains(&text) {
        return None; // a filter would take it for the name of a module
    }
    let filter = tracing_subscriber::EnvFilter::try_new(text).ok()?;
    Some(filter.to_string())
}
