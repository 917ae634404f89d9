//! Who may do what, decided without I/O.
//!
//! For now everybody is anonymous and may do everything, as on a freshly started
//! server without an administrator: there are no accounts and no valid tokens.

use std::sync::Arc;

use crate::error::{ApiError, SECURITY_TOKEN_INVALID};

/// The profiles of a fresh server. Until somebody restricts them, each of them
/// allows everything.
const OPEN_PROFILES: &[&str] = &["admin", "default", "anonymous"];

/// The user behind a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `-1` for the anonymous user.
    pub id: String,
    pub profile_ids: Vec<String>,
}

impl User {
    pub const ANONYMOUS_ID: &str = "-1";

    /// Whoever has not logged in.
    pub fn anonymous() -> Self {
        Self {
            id: Self::ANONYMOUS_ID.into(),
            profile_ids: vec!["anonymous".into()],
        }
    }
}

/// A verified authentication token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub user_id: String,
    /// Milliseconds since 1970; -1 never expires.
    pub expires_at: i64,
}

/// Who a good token stands for.
#[derive(Clone, Debug)]
pub(crate) struct Verified {
    pub user: Arc<User>,
    pub token: Arc<Token>,
}

/// The user and the token that a text stands for. No text does as long as there
/// are no accounts.
pub(crate) fn verify(_jwt: &str) -> Result<Verified, ApiError> {
    Err(SECURITY_TOKEN_INVALID.bare())
}

/// The same, where no token (or an empty one) means nobody in particular.
pub(crate) fn verify_optional(jwt: Option<&str>) -> Result<Option<Verified>, ApiError> {
    jwt.filter(|it| !it.is_empty()).map(verify).transpose()
}

/// Whether the user may run the action, on this index and collection if it has them.
pub(crate) fn may(
    user: &User,
    _controller: &str,
    _action: &str,
    _index: Option<&str>,
    _collection: Option<&str>,
) -> bool {
    let mut profiles = user.profile_ids.iter();
    profiles.any(|it| OPEN_PROFILES.contains(&it.as_str()))
}
