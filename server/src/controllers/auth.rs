//! Who am I? Everybody is anonymous until there are accounts.

use serde_json::{Value, json};

use crate::app::Place::{Body, Query};
use crate::app::{Action, ActionResult, App, Verb, action, controller};
use crate::error::{ApiError, SECURITY_COOKIE_UNSUPPORTED};
use crate::request::Request;
use crate::security::{self, User, Verified};

pub(super) fn actions() -> Vec<Action> {
    controller(
        "auth",
        [
            action("checkToken", check_token)
                .about(
                    "Whether a token is good; no token at all is the anonymous user's. \
                     `{valid: true, kuid, expiresAt}` or `{valid: false, state}`",
                )
                .post("/_checkToken")
                .optional(Body, "token", "string")
                .optional(Query, "cookieAuth", "flag"),
            action("getCurrentUser", get_current_user)
                .about("The user behind the request. `{_id, _source, strategies: [name]}`")
                .get("/_me")
                .deprecated(Verb::Get, "/users/_me", "2.4.0"),
        ],
    )
}

/// Without any token the caller is the anonymous user, whose rights never expire.
async fn check_token(app: &App, request: &mut Request) -> ActionResult {
    let token = token_to_check(app, request)?;
    Ok(Some(match security::verify_optional(token) {
        Ok(None) => json!({"valid": true, "kuid": User::ANONYMOUS_ID, "expiresAt": null}),
        Ok(Some(Verified { user, token })) => {
            json!({"valid": true, "kuid": user.id, "expiresAt": token.expires_at})
        }
        Err(error) if error.status() == 401 => json!({"valid": false, "state": error.message}),
        Err(error) => return Err(error),
    }))
}

/// The one of the body, or the cookie's when the client wants that one checked.
fn token_to_check<'a>(app: &App, request: &'a Request) -> Result<Option<&'a str>, ApiError> {
    if !request.flag("cookieAuth")? {
        return request.optional_body_string("token");
    }
    match app.config.http.cookie_authentication {
        true => Ok(request.jwt.as_deref()),
        false => Err(SECURITY_COOKIE_UNSUPPORTED.bare()),
    }
}

async fn get_current_user(_: &App, request: &mut Request) -> ActionResult {
    let User { id, profile_ids } = &*request.context.user;
    let mut source = json!({"profileIds": profile_ids});
    if id == User::ANONYMOUS_ID {
        source["name"] = Value::from("Anonymous");
    }
    Ok(Some(
        json!({"_id": id, "_source": source, "strategies": []}),
    ))
}
