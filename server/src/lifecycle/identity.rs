//! Who asks, and may they? Steps 8 to 11.

use serde_json::Value;

use crate::app::App;
use crate::error::{
    ApiError, SECURITY_COOKIE_UNSUPPORTED, SECURITY_RIGHTS_FORBIDDEN, SECURITY_RIGHTS_UNAUTHORIZED,
    SECURITY_TOKEN_VERIFICATION_ERROR,
};
use crate::request::Request;
use crate::security::{self, User};

const ON_UNAUTHORIZED: &str = "request:onUnauthorized";

/// Finds the user behind the token that the request or its cookie brings.
pub(super) async fn authenticate(app: &App, request: &mut Request) -> Result<(), ApiError> {
    if takes_cookie(app, request)? {
        return Ok(());
    }
    let Some(jwt) = &request.jwt else {
        return Ok(());
    };
    match security::verify(jwt) {
        Ok(verified) => {
            request.context.user = verified.user;
            request.context.token = Some(verified.token);
            Ok(())
        }
        Err(error) => refuse(app, request, error).await,
    }
}

/// Moves the cookie's token into the request. `true` when the action looks at
/// the token itself and nobody may do so before it.
fn takes_cookie(app: &App, request: &mut Request) -> Result<bool, ApiError> {
    let cookie = auth_cookie(request).map(str::to_owned);
    let is_asked_for = request.controller == "auth" && request.flag("cookieAuth")?;
    if cookie.is_none() && !is_asked_for {
        return Ok(false);
    }
    if !app.config.http.cookie_authentication {
        return Err(SECURITY_COOKIE_UNSUPPORTED.bare());
    }
    let has_cookie = cookie.is_some();
    if let Some(token) = cookie {
        if request.jwt.is_some() {
            let cause = "a token came in the request and another one in its cookie";
            return Err(SECURITY_TOKEN_VERIFICATION_ERROR.with([cause]));
        }
        request.jwt = Some(token);
    }
    let looks_itself = matches!(&*request.action, "login" | "checkToken" | "logout");
    Ok(has_cookie && is_asked_for && looks_itself)
}

/// The cookie `authToken` of the connection's headers, unless it is empty or `null`.
fn auth_cookie(request: &Request) -> Option<&str> {
    let headers = &request.context.connection.headers;
    let cookies = headers.get("cookie").and_then(Value::as_str)?;
    let mut cookies = cookies.split(';').filter_map(|it| it.split_once('='));
    let (_, token) = cookies.find(|(name, _)| name.trim() == "authToken")?;
    let token = token.trim().trim_matches('"');
    Some(token).filter(|it| !it.is_empty() && *it != "null")
}

/// Lets the request pass when the user may run the action.
pub(super) async fn authorise(app: &App, request: &mut Request) -> Result<(), ApiError> {
    let user = &request.context.user;
    let text = |name| request.args.get(name).and_then(Value::as_str);
    let (index, collection) = (text("index"), text("collection"));
    if security::may(
        user,
        &request.controller,
        &request.action,
        index,
        collection,
    ) {
        return Ok(());
    }
    let kind = match user.id == User::ANONYMOUS_ID {
        true => &SECURITY_RIGHTS_UNAUTHORIZED,
        false => &SECURITY_RIGHTS_FORBIDDEN,
    };
    let error = kind.with([&*request.controller, &*request.action, &*user.id]);
    refuse(app, request, error).await
}

/// Plugins hear of the refusal, and the error stands unless one of them fails.
async fn refuse(app: &App, request: &mut Request, error: ApiError) -> Result<(), ApiError> {
    request.outcome.error = Some(error.clone());
    app.events.pipe_request(ON_UNAUTHORIZED, request).await?;
    Err(error)
}
