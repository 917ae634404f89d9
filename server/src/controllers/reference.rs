//! `docs/api.md`, written from the table of actions, and the table held against
//! the facts that clients rely on.

use std::collections::HashMap;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::app::{Action, Argument, Place};
use crate::reference;

#[test]
fn the_api_follows_the_table() {
    reference::check("api.md", &api());
}

fn api() -> String {
    let mut text = include_str!("reference.md").to_owned();
    text.push_str("\n## Actions\n");
    let mut controller = String::new();
    for action in super::all() {
        if *action.controller != *controller {
            controller = (*action.controller).into();
            write!(text, "\n### {controller}\n").unwrap();
        }
        describe(&mut text, &action);
    }
    text
}

fn describe(text: &mut String, action: &Action) {
    write!(
        text,
        "\n#### {}:{}\n\n{}\n\n",
        action.controller, action.name, action.about
    )
    .unwrap();
    for route in &action.routes {
        let deprecated = match route.deprecated {
            Some(since) => format!(" (deprecated since {since})"),
            None => String::new(),
        };
        writeln!(text, "- `{} {}`{deprecated}", route.verb.name(), route.path).unwrap();
    }
    if action.routes.is_empty() {
        text.push_str("- no HTTP route\n");
    }
    for argument in &action.arguments {
        let Argument { name, kind, .. } = argument;
        let need = if argument.required {
            "required"
        } else {
            "optional"
        };
        let place = place_name(argument.place);
        writeln!(text, "- `{name}` ({place}, {need}): {kind}").unwrap();
    }
}

fn place_name(place: Place) -> &'static str {
    match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::PathOrQuery => "path|query",
        Place::Root => "root",
        Place::Body => "body",
    }
}

/// Every line of the table has the routes, in the order, and the arguments that
/// clients were built for.
#[test]
fn actions_are_those_of_the_catalogue() {
    let catalogue: Vec<Value> =
        serde_json::from_str(include_str!("../../tests/catalogue.json")).unwrap();
    let catalogue: HashMap<&str, &Value> = catalogue
        .iter()
        .map(|it| (it["action"].as_str().unwrap(), it))
        .collect();
    for action in super::all() {
        let name = format!("{}:{}", action.controller, action.name);
        let expected = catalogue
            .get(&*name)
            .unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        assert!(!action.about.is_empty(), "{name} says nothing about itself");
        let routes = action.routes.iter();
        let routes: Value = routes
            .map(|it| json!([it.verb.name(), it.path, it.deprecated]))
            .collect();
        assert_eq!(routes, expected["routes"], "routes of {name}");

        let arguments = action.arguments.iter();
        let arguments = arguments.map(|it| json!([place_name(it.place), it.name, it.required]));
        let expected = expected["arguments"].as_array().unwrap().clone();
        assert_eq!(
            sorted(arguments.collect()),
            sorted(expected),
            "arguments of {name}"
        );
    }
}

fn sorted(mut values: Vec<Value>) -> Vec<String> {
    values.sort_by_key(Value::to_string);
    values.iter().map(Value::to_string).collect()
}
