//! Path → action, one tree per verb.
//!
//! A segment that is written out beats a placeholder, and there is no way back:
//! after `/users` the placeholder's branch is never tried. Clients rely on it.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;
use percent_encoding::percent_decode_str;

use super::action::{Action, Route, placeholders};
use super::table::Routed;
use crate::error::{ApiError, NETWORK_HTTP_DUPLICATE_URL};

/// The routes of one verb, as a tree of segments.
#[derive(Clone, Default)]
pub(super) struct Router {
    written: HashMap<Box<str>, Router, RandomState>,
    placeholder: Option<Box<Router>>,
    leaf: Option<Leaf>,
}

#[derive(Clone)]
struct Leaf {
    action: Arc<Action>,
    deprecated: Option<&'static str>,
    /// In the order of the path: two routes may name one place differently.
    placeholders: Arc<[String]>,
}

impl Router {
    pub(super) fn insert(&mut self, route: &Route, action: &Arc<Action>) -> Result<(), ApiError> {
        let mut node = self;
        for segment in segments(&route.path) {
            node = match segment.starts_with(':') {
                true => node.placeholder.get_or_insert_default(),
                false => node.written.entry(segment.into()).or_default(),
            };
        }
        if node.leaf.is_some() {
            return Err(NETWORK_HTTP_DUPLICATE_URL.with([&*route.path]));
        }
        node.leaf = Some(Leaf {
            action: Arc::clone(action),
            deprecated: route.deprecated,
            placeholders: placeholders(&route.path).map(str::to_owned).collect(),
        });
        Ok(())
    }

    /// `None` also when a segment is no text once its percent signs are decoded.
    pub(super) fn find(&self, path: &str) -> Option<Routed> {
        let mut node = self;
        let mut values = Vec::new();
        for segment in segments(path) {
            let segment = percent_decode_str(segment).decode_utf8().ok()?;
            node = match (node.written.get(&*segment), &node.placeholder) {
                (Some(written), _) => written,
                (None, Some(placeholder)) => {
                    values.push(segment.into_owned());
                    placeholder
                }
                (None, None) => return None,
            };
        }
        let leaf = node.leaf.as_ref()?;
        Some(Routed {
            controller: (*leaf.action.controller).into(),
            action: (*leaf.action.name).into(),
            deprecated: leaf.deprecated,
            params: leaf.placeholders.iter().cloned().zip(values).collect(),
        })
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|it| !it.is_empty())
}
