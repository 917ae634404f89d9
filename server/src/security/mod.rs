//! Who may do what. For now everybody is anonymous and may do everything, as on
//! a freshly started server without an administrator.

/// The user behind a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// `-1` for the anonymous user.
    pub id: String,
    pub profile_ids: Vec<String>,
}

impl User {
    /// Whoever has not logged in.
    pub fn anonymous() -> Self {
        Self {
            id: "-1".into(),
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
