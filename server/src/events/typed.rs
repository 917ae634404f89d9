//! Pipes and hooks that take the payload they expect instead of any.

use std::future::Future;
use std::sync::Arc;

use super::{EventPayload, Hook, Pipe};
use crate::error::{ApiError, PLUGIN_RUNTIME_UNEXPECTED_ERROR};

/// A pipe that refuses an event which does not carry a `P`.
pub fn into_pipe<P, F, R>(event: &str, pipe: F) -> Pipe
where
    P: EventPayload,
    F: Fn(P) -> R + Send + Sync + 'static,
    R: Future<Output = Result<P, ApiError>> + Send + 'static,
{
    let event: Arc<str> = event.into();
    Arc::new(move |payload| match P::from_payload(payload) {
        Some(payload) => {
            let piped = pipe(payload);
            Box::pin(async move { Ok(piped.await?.into_payload()) })
        }
        None => {
            let error = misfit(&event, P::NAME);
            Box::pin(async move { Err(error) })
        }
    })
}

/// A hook that fails on an event which does not carry a `P`.
pub fn into_hook<P, F, R>(event: &str, hook: F) -> Hook
where
    P: EventPayload,
    F: Fn(P) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), ApiError>> + Send + 'static,
{
    let event: Arc<str> = event.into();
    Arc::new(move |_, payload| match P::from_payload(payload) {
        Some(payload) => Box::pin(hook(payload)),
        None => {
            let error = misfit(&event, P::NAME);
            Box::pin(async move { Err(error) })
        }
    })
}

fn misfit(event: &str, wanted: &str) -> ApiError {
    let message = format!("the event {event} does not carry {wanted}: take a Payload");
    PLUGIN_RUNTIME_UNEXPECTED_ERROR.with([message])
}
