//! The generic events of the document controller.

use crate::app::App;
use crate::error::ApiError;
use crate::request::Request;

/// `generic:document:before*`. Other controllers pass untouched.
pub(super) async fn before(_app: &App, _request: &mut Request) -> Result<(), ApiError> {
    Ok(())
}

/// `generic:document:after*`. Other controllers pass untouched.
pub(super) async fn after(_app: &App, _request: &mut Request) -> Result<(), ApiError> {
    Ok(())
}
