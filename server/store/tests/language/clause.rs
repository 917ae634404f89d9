//! The meaning of each clause: does an element satisfy it, and how well.

use serde_json::{Value, json};

use regex_automata::meta::Regex;

use super::field::{DAY, Field, Held, date_ms};
use super::model::{Element, Model, elements};
use super::text::{auto_edits, edits, is_wildcard, words};

impl Model {
    /// `None`: it does not match. NaN: it does, the model does not say how well.
    pub(crate) fn score(&self, query: &Value, element: &Element<'_>, scope: &str) -> Option<f64> {
        let (clause, body) = query.as_object().unwrap().iter().next().unwrap();
        let boost = body.get("boost").and_then(Value::as_f64).unwrap_or(1.0);
        let score = match clause.as_str() {
            "match_all" => Some(1.0),
            "match_none" => None,
            "ids" => includes(&body["values"], element.id).then_some(1.0),
            "exists" => self.exists(body["field"].as_str().unwrap(), element, scope),
            "bool" => self.bool(body, element, scope),
            "constant_score" => self.score(&body["filter"], element, scope).map(|_| 1.0),
            "boosting" => {
                let score = self.score(&body["positive"], element, scope);
                match self.score(&body["negative"], element, scope) {
                    Some(_) => score.map(|it| it * body["negative_boost"].as_f64().unwrap()),
                    None => score,
                }
            }
            "dis_max" => {
                let scores = body["queries"].as_array().unwrap().iter();
                let scores = scores.filter_map(|it| self.score(it, element, scope));
                best(
                    scores.collect(),
                    body["tie_breaker"].as_f64().unwrap_or(0.0),
                )
            }
            "nested" => self.nested(body, element, scope),
            "multi_match" => self.multi_match(body, element, scope),
            "query_string" => self.query_string(body["query"].as_str().unwrap(), element, scope),
            "geo_distance" => {
                let most = body["distance"].as_str().unwrap().trim_end_matches("km");
                let most: f64 = most.parse().unwrap();
                let is_near = |it: &Held| kilometres(&self.point(&body["p"]), it) <= most;
                self.any_point(element, scope, &is_near)
            }
            "geo_bounding_box" => {
                let corner = |it: &str, side: &str| body["p"][it][side].as_f64().unwrap();
                let (north, west) = (corner("top_left", "lat"), corner("top_left", "lon"));
                let (south, east) = (corner("bottom_right", "lat"), corner("bottom_right", "lon"));
                let is_inside = |it: &Held| match it {
                    Held::Point(lat, lon) => {
                        let is_between = match west <= east {
                            true => west <= *lon && *lon <= east,
                            false => west <= *lon || *lon <= east,
                        };
                        is_between && south <= *lat && *lat <= north
                    }
                    _ => false,
                };
                self.any_point(element, scope, &is_inside)
            }
            _ => {
                let (field, body) = body.as_object().unwrap().iter().next().unwrap();
                return self.field_score(clause, field, body, element, scope);
            }
        };
        score.map(|it| it * boost)
    }

    fn point(&self, value: &Value) -> Held {
        self.field("p").unwrap().hold(value).unwrap()
    }

    fn any_point(
        &self,
        element: &Element<'_>,
        scope: &str,
        test: &dyn Fn(&Held) -> bool,
    ) -> Option<f64> {
        let field = self.field("p").filter(|it| it.scope == scope)?;
        field.held(element.value).iter().any(test).then_some(1.0)
    }

    /// The few forms that the tests write: each is a clause in long.
    fn query_string(&self, text: &str, element: &Element<'_>, scope: &str) -> Option<f64> {
        let word = |it: &str| it.rsplit(['(', ' ', ':']).next().unwrap().to_owned();
        let on = |field: &str, word: &str| json!({"match": {field: word.trim_end_matches(')')}});
        let both = |a: Value, b: Value| json!({"bool": {"must": [a, b]}});
        let parts: Vec<&str> = text.split(' ').collect();
        let long = match parts[..] {
            [a, "AND", "NOT", b] => {
                json!({"bool": {"must": [on("t", &word(a))], "must_not": [on("u", &word(b))]}})
            }
            [a, "OR", b] => json!({"bool": {"should": [on("t", &word(a)), on("u", &word(b))]}}),
            [a, b] => {
                json!({"bool": {"must": [on("t", &word(a))], "must_not": [on("u", &word(b))]}})
            }
            [a, "AND", b] if a.starts_with("t:(") => both(on("t", &word(a)), on("t", &word(b))),
            ["n:>3", "AND", b] => both(json!({"range": {"n": {"gt": 3}}}), on("t", &word(b))),
            ["_exists_:k", "AND", b] => both(json!({"exists": {"field": "k"}}), on("u", &word(b))),
            _ => panic!("the model does not know {text}"),
        };
        self.score(&long, element, scope)
    }

    fn exists(&self, path: &str, element: &Element<'_>, scope: &str) -> Option<f64> {
        let below: Vec<String> = match self.field(path) {
            Some(_) => vec![path.to_owned()],
            None => ["k", "n", "t"].map(|it| format!("{path}.{it}")).into(),
        };
        let has = |path: &String| {
            let field = self.field(path).filter(|it| it.scope == scope);
            field.is_some_and(|it| !it.held(element.value).is_empty())
        };
        below.iter().any(has).then_some(1.0)
    }

    fn bool(&self, body: &Value, element: &Element<'_>, scope: &str) -> Option<f64> {
        let clauses = |key: &str| body[key].as_array().cloned().unwrap_or_default();
        let score = |it: &Value| self.score(it, element, scope);
        let musts: Option<Vec<f64>> = clauses("must").iter().map(score).collect();
        let filters: Option<Vec<f64>> = clauses("filter").iter().map(score).collect();
        if clauses("must_not").iter().any(|it| score(it).is_some()) {
            return None;
        }
        let shoulds = clauses("should");
        let matching: Vec<f64> = shoulds.iter().filter_map(score).collect();
        let is_needed = clauses("must").is_empty() && clauses("filter").is_empty();
        let asked = body.get("minimum_should_match");
        let asked = asked.map_or(0, |it| least(it, shoulds.len()));
        // Without other clauses one is needed, whatever is asked for.
        let least = asked.max(usize::from(is_needed && !shoulds.is_empty()));
        filters?;
        if matching.len() < least {
            return None;
        }
        // Only exclusions: all that is left scores the boost alone.
        let nothing = ["must", "filter", "should"]
            .iter()
            .all(|it| clauses(it).is_empty());
        if nothing {
            return Some(if clauses("must_not").is_empty() {
                1.0
            } else {
                0.0
            });
        }
        Some(musts?.iter().chain(&matching).sum())
    }

    fn nested(&self, body: &Value, element: &Element<'_>, scope: &str) -> Option<f64> {
        let path = body["path"].as_str().unwrap();
        let inner = elements(element.id, element.value, scope, path);
        let scores = inner
            .iter()
            .filter_map(|it| self.score(&body["query"], it, path));
        let scores: Vec<f64> = scores.collect();
        if scores.is_empty() {
            return None;
        }
        let sum: f64 = scores.iter().sum();
        Some(match body["score_mode"].as_str().unwrap_or("avg") {
            "avg" => sum / scores.len() as f64,
            "sum" => sum,
            "max" => scores.iter().copied().fold(f64::MIN, f64::max),
            "min" => scores.iter().copied().fold(f64::MAX, f64::min),
            _ => 0.0,
        })
    }

    fn multi_match(&self, body: &Value, element: &Element<'_>, scope: &str) -> Option<f64> {
        let fields = body["fields"].as_array().unwrap().iter();
        let scores: Vec<f64> = fields
            .filter_map(|it| {
                let (field, boost) = match it.as_str().unwrap().split_once('^') {
                    Some((field, boost)) => (field, boost.parse().unwrap()),
                    None => (it.as_str().unwrap(), 1.0),
                };
                let score = self.field_score("match", field, body, element, scope);
                let own = body.get("boost").and_then(Value::as_f64).unwrap_or(1.0);
                score.map(|it| it / own * boost)
            })
            .collect();
        let all = if body["type"] == "most_fields" {
            1.0
        } else {
            0.0
        };
        best(scores, body["tie_breaker"].as_f64().unwrap_or(all))
    }

    /// Clauses on one field.
    fn field_score(
        &self,
        clause: &str,
        path: &str,
        body: &Value,
        element: &Element<'_>,
        scope: &str,
    ) -> Option<f64> {
        let field = self.field(path).filter(|it| it.scope == scope)?;
        let option = |key: &str| body.get(key);
        let boost = option("boost").and_then(Value::as_f64).unwrap_or(1.0);
        let asked = match clause {
            "term" | "prefix" | "wildcard" | "regexp" | "fuzzy" => option("value"),
            "match" | "match_phrase" | "match_phrase_prefix" | "match_bool_prefix" => {
                option("query")
            }
            _ => None,
        };
        let asked = asked.unwrap_or(body);
        let any_term = |test: &dyn Fn(&str) -> bool| {
            let terms = field.terms(element.value);
            terms.iter().any(|it| test(&it.0)).then_some(1.0)
        };
        let text = || asked.as_str().unwrap();
        let score = match clause {
            "term" => self.value_score(&field, asked, element.value),
            "terms" => {
                let values = asked.as_array().unwrap();
                let has = |it| self.value_score(&field, it, element.value).is_some();
                values.iter().any(has).then_some(1.0)
            }
            "range" => {
                let held = field.held(element.value);
                held.iter().any(|it| is_in(&field, it, body)).then_some(1.0)
            }
            "regexp" => {
                let pattern = format!("^(?:{})$", text());
                let pattern = Regex::new(&pattern).unwrap();
                any_term(&|it| pattern.is_match(it))
            }
            "prefix" => any_term(&|it| it.starts_with(text())),
            "wildcard" => any_term(&|it| is_wildcard(text(), it)),
            "fuzzy" => {
                let most = fuzziness(option("fuzziness"), text());
                any_term(&|it| edits(it, text()) <= most).map(|_| f64::NAN)
            }
            "match" => self.match_score(&field, asked, body, element),
            "match_bool_prefix" => {
                let mut asked = words(text());
                let last = asked.pop()?;
                let prefix = any_term(&|it| it.starts_with(&last));
                let terms = asked
                    .iter()
                    .map(|it| self.term_score(&field, it, element.value));
                let scores: Vec<f64> = terms.chain([prefix]).flatten().collect();
                (!scores.is_empty()).then(|| scores.iter().sum())
            }
            "match_phrase" => {
                let slop = option("slop").and_then(Value::as_u64).unwrap_or(0);
                is_phrase(&field.terms(element.value), &words(text()), slop, false)
                    .then_some(f64::NAN)
            }
            "match_phrase_prefix" => {
                is_phrase(&field.terms(element.value), &words(text()), 0, true).then_some(f64::NAN)
            }
            clause => panic!("the model knows no {clause}"),
        };
        score.map(|it| it * boost)
    }

    fn match_score(
        &self,
        field: &Field,
        asked: &Value,
        body: &Value,
        element: &Element<'_>,
    ) -> Option<f64> {
        if !field.is_text() {
            return self.value_score(field, asked, element.value);
        }
        let asked = words(asked.as_str().unwrap());
        let scores = asked.iter().map(|term| match body.get("fuzziness") {
            None => self.term_score(field, term, element.value),
            fuzzy => {
                let most = fuzziness(fuzzy, term);
                let terms = field.terms(element.value);
                let is_found = terms.iter().any(|it| edits(&it.0, term) <= most);
                is_found.then_some(f64::NAN)
            }
        });
        let scores: Vec<f64> = scores.flatten().collect();
        let needed = match (body["operator"].as_str(), body.get("minimum_should_match")) {
            (Some("and"), _) => asked.len(),
            (_, Some(minimum)) => least(minimum, asked.len()).max(1),
            _ => 1,
        };
        (!asked.is_empty() && scores.len() >= needed).then(|| scores.iter().sum())
    }
}

/// On a sphere.
fn kilometres(a: &Held, b: &Held) -> f64 {
    let (Held::Point(lat, lon), Held::Point(other_lat, other_lon)) = (a, b) else {
        panic!("no points: {a:?} {b:?}");
    };
    let half = |a: f64, b: f64| ((a - b).to_radians() / 2.0).sin().powi(2);
    let cosines = lat.to_radians().cos() * other_lat.to_radians().cos();
    let chord = half(*lat, *other_lat) + cosines * half(*lon, *other_lon);
    2.0 * 6_371.008_771_4 * chord.sqrt().asin()
}

fn includes(list: &Value, text: &str) -> bool {
    list.as_array().unwrap().iter().any(|it| it == text)
}

/// The best score and a part of the others.
fn best(scores: Vec<f64>, tie_breaker: f64) -> Option<f64> {
    if scores.iter().any(|it| it.is_nan()) {
        return Some(f64::NAN);
    }
    let best = scores.iter().copied().reduce(f64::max)?;
    let sum: f64 = scores.iter().sum();
    Some(best + tie_breaker * (sum - best))
}

/// How many of so many clauses: `2`, `-1`, `75%`, `-25%`, `2<75%`.
pub(crate) fn least(minimum: &Value, of: usize) -> usize {
    let text = match minimum {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if let Some((bound, rest)) = text.split_once('<') {
        let bound: usize = bound.parse().unwrap();
        return if of <= bound {
            of
        } else {
            least(&Value::from(rest), of)
        };
    }
    let count = of as i64;
    let least = match text.strip_suffix('%') {
        Some(percent) => {
            let percent: i64 = percent.parse().unwrap();
            let part = count * percent.abs() / 100;
            if percent < 0 { count - part } else { part }
        }
        None => {
            let number: i64 = text.parse().unwrap();
            if number < 0 { count + number } else { number }
        }
    };
    least.max(0) as usize
}

fn fuzziness(option: Option<&Value>, word: &str) -> usize {
    match option {
        Some(Value::Number(number)) => number.as_u64().unwrap() as usize,
        _ => auto_edits(word),
    }
}

/// Whether the words stand in such an order: each may be moved, in all by `slop`.
fn is_phrase(terms: &[(String, usize)], asked: &[String], slop: u64, is_prefix: bool) -> bool {
    fn place(
        terms: &[(String, usize)],
        asked: &[String],
        at: usize,
        places: &mut Vec<i64>,
        slop: u64,
        is_prefix: bool,
    ) -> bool {
        if at == asked.len() {
            let least = places.iter().min().unwrap();
            let most = places.iter().max().unwrap();
            return (most - least) as u64 <= slop;
        }
        let is_last = at + 1 == asked.len();
        let is_word = |it: &str| match is_prefix && is_last {
            true => it.starts_with(&asked[at]),
            false => it == asked[at],
        };
        terms.iter().any(|(term, position)| {
            let taken = (0_i64..).zip(places.iter());
            let is_taken = taken
                .map(|(at, it)| at + it)
                .any(|it| it == *position as i64);
            if is_taken || !is_word(term) {
                return false;
            }
            places.push(*position as i64 - at as i64);
            let is_placed = place(terms, asked, at + 1, places, slop, is_prefix);
            places.pop();
            is_placed
        })
    }
    !asked.is_empty() && place(terms, asked, 0, &mut Vec::new(), slop, is_prefix)
}

/// Whether a value lies within all bounds.
fn is_in(field: &Field, held: &Held, bounds: &Value) -> bool {
    let sides = bounds.as_object().unwrap().iter();
    sides
        .filter(|(side, _)| *side != "boost")
        .all(|(side, bound)| match held {
            Held::Number(number) => {
                let (first, last) = ends(field, bound);
                match side.as_str() {
                    "gte" => *number >= first,
                    "gt" => *number > last,
                    "lte" => *number <= last,
                    "lt" => *number < first,
                    side => panic!("the model knows no side {side}"),
                }
            }
            Held::Text(text) => {
                // No bound is too long for the field.
                let bound = match field.hold(bound) {
                    Some(Held::Text(bound)) => bound,
                    _ => bound.as_str().unwrap().to_owned(),
                };
                match side.as_str() {
                    "gte" => *text >= bound,
                    "gt" => *text > bound,
                    "lte" => *text <= bound,
                    "lt" => *text < bound,
                    side => panic!("the model knows no side {side}"),
                }
            }
            Held::Point(..) => false,
        })
}

/// The first and the last number that a bound stands for: a date is a day, a
/// month or a year.
fn ends(field: &Field, bound: &Value) -> (f64, f64) {
    if field.of == "float" {
        let number = f64::from(bound.as_f64().unwrap() as f32);
        return (number, number);
    }
    let text = match bound {
        Value::String(text) if field.of == "date" => text,
        other => {
            let number = other.as_f64().unwrap();
            return (number, number);
        }
    };
    // `2024-02-10||+3d`: exactly that millisecond.
    let (first, last) = match text.split_once("||") {
        Some((date, math)) => {
            let days: i64 = math.trim_end_matches('d').parse().unwrap();
            let moved = date_ms(date).unwrap().0 + days * DAY;
            (moved, moved)
        }
        None => date_ms(text).unwrap(),
    };
    (first as f64, last as f64)
}
