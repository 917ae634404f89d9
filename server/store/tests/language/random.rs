//! Random documents, queries, sorts and aggregations, from few words and
//! numbers, so that they meet.

use serde_json::{Map, Value, json};

/// A generator of numbers (SplitMix64), the same for a seed everywhere.
pub(crate) struct Random(u64);

type Make = fn(&mut Random) -> Value;

/// The mapping of all documents.
pub(crate) fn mapping() -> Value {
    json!({"dynamic": "strict", "properties": {
        "k": {"type": "keyword"},
        "ks": {"type": "keyword", "ignore_above": 5, "null_value": "nil"},
        "t": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "u": {"type": "text"},
        "n": {"type": "long"},
        "i": {"type": "integer"},
        "f": {"type": "double"},
        "fl": {"type": "float"},
        "b": {"type": "boolean"},
        "d": {"type": "date"},
        "ip": {"type": "ip"},
        "p": {"type": "geo_point"},
        "o": {"properties": {
            "k": {"type": "keyword"}, "n": {"type": "long"}, "t": {"type": "text"},
        }},
        "e": {"type": "nested", "properties": {
            "k": {"type": "keyword"}, "n": {"type": "long"}, "t": {"type": "text"},
            "s": {"type": "nested", "properties": {"k": {"type": "keyword"}, "n": {"type": "long"}}},
        }},
    }})
}

const KEYS: [&str; 8] = [
    "red", "green", "blue", "re", "Red", "dark red", "grey", "violet",
];
const WORDS: [&str; 12] = [
    "quick", "quiet", "brown", "crown", "fox", "box", "jumps", "jumped", "over", "lazy", "dog",
    "fog",
];

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn is(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn words(&mut self, most: usize) -> String {
        let count = 1 + self.below(most);
        let words: Vec<&str> = (0..count).map(|_| self.one(&WORDS)).collect();
        let separator = self.one(&[" ", " ", ", ", "-"]);
        words.join(separator)
    }

    fn integer(&mut self) -> i64 {
        self.below(20) as i64 - 5
    }

    fn float(&mut self) -> f64 {
        self.below(40) as f64 / 10.0 - 1.0
    }

    fn day(&mut self) -> String {
        let (month, day) = (1 + self.below(3), 1 + self.below(28));
        format!("2024-{month:02}-{day:02}")
    }

    /// Around a place at the date line.
    fn point(&mut self) -> Value {
        let lon = 178.0 + self.below(80) as f64 / 20.0;
        let lon = if lon > 180.0 { lon - 360.0 } else { lon };
        json!({"lat": self.below(80) as f64 / 20.0 - 2.0, "lon": lon})
    }

    /// One value, several, or `null`.
    fn values(&mut self, value: Make) -> Value {
        match self.below(10) {
            0 => Value::Null,
            1..4 => (0..self.below(4)).map(|_| value(self)).collect(),
            _ => value(self),
        }
    }

    pub(crate) fn document(&mut self) -> Value {
        let mut document = Map::new();
        let fields: [(&str, Make); 13] = [
            ("k", |it| it.one(&KEYS).into()),
            ("ks", |it| it.one(&KEYS).into()),
            ("t", |it| it.words(8).into()),
            ("u", |it| it.words(3).into()),
            ("n", |it| it.integer().into()),
            ("i", |it| match it.is(20) {
                true => it.integer().to_string().into(),
                false => it.integer().into(),
            }),
            ("f", |it| it.float().into()),
            ("fl", |it| it.float().into()),
            ("b", |it| it.is(50).into()),
            ("d", |it| match it.is(50) {
                true => it.day().into(),
                false => format!("{}T12:30:15Z", it.day()).into(),
            }),
            ("ip", |it| {
                format!("10.0.{}.{}", it.below(3), it.below(5)).into()
            }),
            ("p", Self::point),
            ("o", |it| it.inner(false)),
        ];
        for (name, value) in fields {
            if self.is(75) {
                let value = match name {
                    "o" => self.objects(false),
                    _ => self.values(value),
                };
                document.insert(name.into(), value);
            }
        }
        if self.is(70) {
            let elements = self.objects(true);
            document.insert("e".into(), elements);
        }
        document.into()
    }

    fn objects(&mut self, is_nested: bool) -> Value {
        match self.is(30) {
            true => self.inner(is_nested),
            false => (0..self.below(4)).map(|_| self.inner(is_nested)).collect(),
        }
    }

    fn inner(&mut self, is_nested: bool) -> Value {
        let mut object = Map::new();
        if self.is(80) {
            object.insert("k".into(), self.one(&KEYS).into());
        }
        if self.is(80) {
            let number = self.values(|it| it.integer().into());
            object.insert("n".into(), number);
        }
        if self.is(60) {
            object.insert("t".into(), self.words(4).into());
        }
        if is_nested && self.is(40) {
            let inner =
                (0..self.below(3)).map(|_| json!({"k": self.one(&KEYS), "n": self.integer()}));
            let inner: Value = inner.collect();
            object.insert("s".into(), inner);
        }
        object.into()
    }

    /// A query on the fields of a scope.
    pub(crate) fn query(&mut self, depth: usize, scope: &str) -> Value {
        if depth > 0 && self.is(55) {
            return self.compound(depth - 1, scope);
        }
        match scope {
            "" => self.leaf(),
            scope => self.inner_leaf(scope),
        }
    }

    fn queries(&mut self, most: usize, depth: usize, scope: &str) -> Value {
        let count = 1 + self.below(most);
        (0..count).map(|_| self.query(depth, scope)).collect()
    }

    fn compound(&mut self, depth: usize, scope: &str) -> Value {
        match self.below(8) {
            0..4 => self.bool(depth, scope),
            4 => json!({"constant_score": {"filter": self.query(depth, scope), "boost": 1.5}}),
            5 => json!({"dis_max": {"queries": self.queries(3, depth, scope), "tie_breaker": 0.3}}),
            6 => json!({"boosting": {
                "positive": self.query(depth, scope), "negative": self.query(depth, scope),
                "negative_boost": 0.5,
            }}),
            _ => match scope {
                "" => self.nested(depth, "e"),
                "e" => self.nested(depth, "e.s"),
                scope => self.bool(depth, scope),
            },
        }
    }

    fn nested(&mut self, depth: usize, path: &str) -> Value {
        let mode = self.one(&["avg", "sum", "max", "min", "none"]);
        json!({"nested": {"path": path, "query": self.query(depth, path), "score_mode": mode}})
    }

    fn bool(&mut self, depth: usize, scope: &str) -> Value {
        let mut body = Map::new();
        for clause in ["must", "filter", "should", "must_not"] {
            if self.is(45) {
                let clauses = self.queries(3, depth, scope);
                body.insert(clause.into(), clauses);
            }
        }
        if body.contains_key("should") && self.is(40) {
            let minimums = [
                json!(1),
                json!(2),
                json!(-1),
                json!("50%"),
                json!("-30%"),
                json!("1<50%"),
                json!(0),
            ];
            body.insert("minimum_should_match".into(), self.one(&minimums));
        }
        json!({ "bool": body })
    }

    fn inner_leaf(&mut self, scope: &str) -> Value {
        let at = |name: &str| format!("{scope}.{name}");
        match self.below(6) {
            0 => json!({"term": {at("k"): self.one(&KEYS)}}),
            1 => json!({"range": {at("n"): self.integers()}}),
            2 => json!({"term": {at("n"): self.integer()}}),
            3 => json!({"exists": {"field": at("k")}}),
            4 if scope == "e" => json!({"match": {at("t"): self.words(2)}}),
            4 => json!({"match_all": {}}),
            _ => json!({"terms": {at("k"): [self.one(&KEYS), self.one(&KEYS)]}}),
        }
    }

    fn integers(&mut self) -> Value {
        let (low, high) = (self.integer(), self.integer());
        match self.below(4) {
            0 => json!({ "gte": low }),
            1 => json!({ "lt": high }),
            2 => json!({"gt": low.min(high), "lte": low.max(high)}),
            _ => json!({"gte": low.min(high), "lt": low.max(high) as f64 + 0.5}),
        }
    }

    fn leaf(&mut self) -> Value {
        let keyword = self.one(&["k", "ks", "t.raw", "o.k"]);
        let text = self.one(&["t", "u", "o.t"]);
        let number = self.one(&["n", "i", "o.n"]);
        let word = self.one(&WORDS);
        let key = self.one(&KEYS);
        match self.below(29) {
            0 => json!({"match_all": {"boost": 1.5}}),
            1 => json!({"term": {keyword: key}}),
            2 => json!({"term": {keyword: {"value": key, "boost": 2.0}}}),
            3 => json!({"term": {number: self.integer()}}),
            4 => json!({"terms": {keyword: [key, self.one(&KEYS)]}}),
            5 => json!({"terms": {number: [self.integer(), self.integer().to_string()]}}),
            6 => json!({"range": {number: self.integers()}}),
            7 => {
                let field = self.one(&["f", "fl"]);
                let bound = self.float();
                json!({"range": {field: {self.one(&["gte", "gt", "lte", "lt"]): bound}}})
            }
            8 => self.dates(),
            9 => json!({"range": {keyword: {self.one(&["gte", "gt", "lte", "lt"]): key}}}),
            10 => {
                let field = self.one(&["k", "t", "n", "f", "b", "d", "ip", "o", "o.t", "ks", "e"]);
                json!({"exists": {"field": field}})
            }
            11 => {
                let ids: Vec<String> = (0..6).map(|_| format!("d{:03}", self.below(160))).collect();
                json!({"ids": {"values": ids}})
            }
            12 => json!({"prefix": {keyword: self.one(&["r", "re", "gr", "R", "x"])}}),
            13 => {
                json!({"wildcard": {keyword: {"value": self.one(&["re*", "*e*", "gr?y", "?ed", "*"])}}})
            }
            14 => {
                json!({"fuzzy": {text: {"value": word, "fuzziness": self.one(&[json!(1), json!(2), json!("AUTO")])}}})
            }
            15 | 16 => json!({"match": {text: self.words(3)}}),
            17 => json!({"match": {text: {"query": self.words(3), "operator": "and"}}}),
            18 => json!({"match": {text: {
                "query": self.words(4), "minimum_should_match": self.one(&["2", "-1", "60%"]), "boost": 0.5,
            }}}),
            19 => {
                json!({"match_phrase": {text: {"query": format!("{word} {}", self.one(&WORDS)), "slop": 0}}})
            }
            20 => {
                json!({"match_phrase_prefix": {text: format!("{word} {}", self.one(&["q", "b", "j", "fo"]))}})
            }
            21 => {
                json!({"match_bool_prefix": {text: format!("{word} {}", self.one(&["q", "b", "j", "fo"]))}})
            }
            22 => json!({"multi_match": {
                "query": self.words(2), "fields": ["t", "u^2"],
                "type": self.one(&["best_fields", "most_fields"]), "tie_breaker": 0.4,
            }}),
            23 => {
                json!({"regexp": {keyword: {"value": self.one(&["r.*", "re[dx]?", "(red|blue)", "gr[ae]y", "[^r]+", ".*e.*"])}}})
            }
            24 => {
                json!({"match_phrase": {text: {"query": format!("{word} {}", self.one(&WORDS)), "slop": self.below(4)}}})
            }
            25 => {
                json!({"geo_distance": {"distance": self.one(&["50km", "120km", "300km"]), "p": self.point()}})
            }
            26 => json!({"geo_bounding_box": {"p": {
                "top_left": {"lat": 1.0, "lon": self.one(&[178.5, 179.5, -179.5])},
                "bottom_right": {"lat": -1.0, "lon": self.one(&[179.75, -179.25])},
            }}}),
            27 => {
                let (a, b) = (self.one(&WORDS), self.one(&WORDS));
                let text = self.one(&[
                    "t:1 AND NOT u:2",
                    "t:1 OR u:2",
                    "+t:1 -u:2",
                    "t:(1 AND 2)",
                    "n:>3 AND t:1",
                    "_exists_:k AND u:2",
                ]);
                json!({"query_string": {"query": text.replace('1', a).replace('2', b)}})
            }
            _ => json!({"term": {"b": self.is(50)}}),
        }
    }

    fn dates(&mut self) -> Value {
        let bound = match self.below(4) {
            0 => format!("2024-{:02}", 1 + self.below(3)),
            1 => format!("{}||+3d", self.day()),
            2 => format!("{}T12:30:15Z", self.day()),
            _ => self.day(),
        };
        let side = self.one(&["gte", "gt", "lte", "lt"]);
        json!({"range": {"d": {side: bound}}})
    }

    pub(crate) fn sort(&mut self) -> Value {
        let mut levels = Vec::new();
        for _ in 0..self.below(3) {
            let field = self.one(&[
                "k", "n", "i", "f", "fl", "d", "b", "ip", "ks", "o.n", "t.raw",
            ]);
            let mut options = json!({"order": self.one(&["asc", "desc"])});
            if self.is(30) {
                options["missing"] = self.one(&["_first", "_last"]).into();
            }
            if self.is(40) {
                let is_number = matches!(field, "n" | "i" | "f" | "o.n");
                let modes: &[&str] = match is_number {
                    true => &["min", "max", "sum", "avg", "median"],
                    false => &["min", "max"],
                };
                options["mode"] = self.one(modes).into();
            }
            levels.push(json!({ field: options }));
        }
        levels.push(json!({"_id": {"order": self.one(&["asc", "desc"])}}));
        levels.into()
    }

    pub(crate) fn aggregation(&mut self, depth: usize) -> Value {
        json!({"a": self.buckets(depth, ""), "m": self.metric("")})
    }

    fn metric(&mut self, scope: &str) -> Value {
        let field = match scope {
            "" => self.one(&["n", "i", "f", "o.n"]).to_owned(),
            scope => format!("{scope}.n"),
        };
        let metric = self.one(&[
            "avg",
            "sum",
            "min",
            "max",
            "stats",
            "value_count",
            "cardinality",
        ]);
        json!({ metric: {"field": field} })
    }

    fn buckets(&mut self, depth: usize, scope: &str) -> Value {
        if depth == 0 {
            return self.metric(scope);
        }
        let (mut aggregation, scope) = match (scope, self.below(9)) {
            ("", 0) => (
                json!({"terms": {"field": self.one(&["k", "ks", "o.k"])}}),
                "",
            ),
            ("", 1) => (
                json!({"terms": {"field": self.one(&["n", "b"]), "size": 3}}),
                "",
            ),
            ("", 2) => (json!({"filter": self.query(1, "")}), ""),
            ("", 3) => (
                json!({"filters": {"filters": {"x": self.query(0, ""), "y": self.query(1, "")}}}),
                "",
            ),
            ("", 4) => (
                json!({"missing": {"field": self.one(&["k", "n", "d"])}}),
                "",
            ),
            ("", 5) => (
                json!({"histogram": {"field": self.one(&["n", "i"]), "interval": 3}}),
                "",
            ),
            ("", 6) => {
                let interval = self.one(&[
                    ("calendar_interval", "month"),
                    ("calendar_interval", "day"),
                    ("fixed_interval", "5d"),
                ]);
                (
                    json!({"date_histogram": {"field": "d", interval.0: interval.1}}),
                    "",
                )
            }
            ("", 7) => (
                json!({"range": {"field": "f", "ranges": [{"to": 0.5}, {"from": 0.5, "to": 2.0}, {"from": 1.0}]}}),
                "",
            ),
            ("", _) => (json!({"nested": {"path": "e"}}), "e"),
            (scope, 0..6) => (
                json!({"terms": {"field": format!("{scope}.k"), "order": {"_key": "desc"}}}),
                scope,
            ),
            ("e", _) => (json!({"nested": {"path": "e.s"}}), "e.s"),
            (scope, _) => (json!({"filter": self.query(0, scope)}), scope),
        };
        aggregation["aggs"] = json!({"a": self.buckets(depth - 1, scope)});
        aggregation
    }
}
