//! Who asks, with which token, and with which program.

use serde_json::json;

use super::*;

#[tokio::test]
async fn identity_comes_before_the_action() {
    let app = app();
    let seen = record(&app);
    let token = json!({"controller": "no", "action": "no", "jwt": "x"});
    let cookie = json!({"cookie": "a=b; authToken=x"});
    let plain = json!({"controller": "test", "action": "fine"});
    let cookie_auth = json!({"controller": "auth", "action": "checkToken", "cookieAuth": true});
    let cases = [
        (json!({}), token.clone(), "security.token.invalid"),
        (cookie.clone(), plain.clone(), "security.token.invalid"),
        (cookie.clone(), token, "security.token.verification_error"),
        (json!({"cookie": "authToken=null"}), plain.clone(), ""),
        (json!({"cookie": "authToken="}), plain, ""),
        // The action looks at the cookie's token itself.
        (cookie, cookie_auth, ""),
        (
            json!({}),
            json!({"controller": "no", "action": "no"}),
            "api.process.controller_not_found",
        ),
        (
            json!({}),
            json!({"controller": "test", "action": "no"}),
            "api.process.action_not_found",
        ),
    ];
    for (headers, payload, id) in cases {
        let request = request_from("http", headers.clone(), payload.clone());
        let (_, content) = answer(&app, request).await;
        let found = content["error"]["id"].as_str().unwrap_or_default();
        assert_eq!(found, id, "{headers} {payload}");
    }
    let seen = seen.lock().unwrap();
    let unauthorized = seen
        .iter()
        .filter(|it| *it == "request:onUnauthorized")
        .count();
    assert_eq!(unauthorized, 2, "for tokens, not for cookies");
    assert!(!seen.iter().any(|it| it == "request:onError"));
}

#[tokio::test]
async fn cookies_can_be_turned_off() {
    let mut settings = Settings::default();
    settings.set("http.cookieAuthentication", false);
    let app = app_with(&settings);
    let payload = json!({"controller": "test", "action": "fine"});
    let request = request_from("http", json!({"cookie": "authToken=x"}), payload);
    let (status, content) = answer(&app, request).await;
    assert_eq!(
        (status, &content["error"]["id"]),
        (500, &json!("security.cookie.unsupported"))
    );
}

#[tokio::test]
async fn tokens_are_checked_without_failing() {
    let app = app();
    let anonymous = json!({"valid": true, "kuid": "-1", "expiresAt": null});
    let invalid = json!({"valid": false, "state": "token refused"});
    let cases = [
        (json!(null), &anonymous),
        (json!({}), &anonymous),
        (json!({"token": ""}), &anonymous),
        (json!({"token": "x"}), &invalid),
    ];
    for (body, expected) in cases {
        let payload = json!({"controller": "auth", "action": "checkToken", "body": body});
        assert_eq!(
            &answer(&app, request(payload)).await.1["result"],
            expected,
            "{body}"
        );
    }
}

#[tokio::test]
async fn old_sdks_are_refused_after_the_lookup() {
    let app = app();
    let payload =
        json!({"controller": "test", "action": "fine", "volatile": {"sdkName": "js@6.2.0"}});
    let (status, content) = answer(&app, request(payload)).await;
    let error = &content["error"];
    assert_eq!(
        (status, &error["id"]),
        (400, &json!("api.process.incompatible_sdk_version"))
    );
    assert_eq!(error["props"], json!(["js@6.2.0", "js >= 7"]));
}
