//! Texts and the tokens that they become.

use serde_json::{Value, json};

use super::Analysis;

/// `word@position` for each token.
fn tokens(settings: &Value, analyser: &str, text: &str) -> String {
    let analysis = Analysis::of(&json!({ "analysis": settings })).unwrap();
    let tokens = analysis.analyser(analyser).unwrap().analyse(text);
    let tokens = tokens.tokens.iter();
    let tokens: Vec<String> = tokens
        .map(|it| format!("{}@{}", it.text, it.position))
        .collect();
    tokens.join(" ")
}

#[test]
fn built_in_analysers_cut_as_lucene_does() {
    let fox = "The 2 QUICK Brown-Foxes jumped over the lazy dog's bone.";
    let cases = [
        (
            "standard",
            fox,
            "the@0 2@1 quick@2 brown@3 foxes@4 jumped@5 over@6 the@7 lazy@8 dog's@9 bone@10",
        ),
        (
            "standard",
            "a.b 3.14 1,000 x_y wi-fi",
            "a.b@0 3.14@1 1,000@2 x_y@3 wi@4 fi@5",
        ),
        (
            "standard",
            "日本語 ひら カタカナ 한국어",
            "日@0 本@1 語@2 ひ@3 ら@4 カタカナ@5 한국어@6",
        ),
        ("standard", "สวัสดี ok 👍🏽!", "สวัสดี@0 ok@1 👍🏽@2"),
        ("standard", "İSTANBUL ÀÉ", "istanbul@0 àé@1"),
        ("standard", "", ""),
        ("standard", " .,; ", ""),
        ("simple", "The 2 dog's", "the@0 dog@1 s@2"),
        (
            "whitespace",
            "The 2-QUICK dog's.",
            "The@0 2-QUICK@1 dog's.@2",
        ),
        ("keyword", "The dog ", "The dog @0"),
        ("stop", "The quick and the dead", "quick@1 dead@4"),
        ("pattern", "The Foo.bar,été", "the@0 foo@1 bar@2 t@3"),
        ("fingerprint", "Zebra apple Ápple zebra", "apple zebra@0"),
        ("english", "The dogs' running jumps", "dog@1 run@2 jump@3"),
        ("english", "Peter's generalizations", "peter@0 gener@1"),
        ("french", "L'avion des chevaux", "avion@0 cheval@2"),
        ("german", "Die Häuser und Bäume", "haus@1 baum@3"),
        ("spanish", "los gatos corriendo", "gat@1 corr@2"),
        ("italian", "dell'arte", "arte@0"),
        ("russian", "и собаки", "собак@1"),
    ];
    for (analyser, text, expected) in cases {
        assert_eq!(
            tokens(&json!({}), analyser, text),
            expected,
            "{analyser} of {text}"
        );
    }
}

#[test]
fn long_words_come_in_parts() {
    let settings = json!({"analyzer": {"a": {"type": "standard", "max_token_length": "3"}}});
    assert_eq!(tokens(&settings, "a", "abcdefg hi"), "abc@0 def@1 g@2 hi@3");
    assert_eq!(
        tokens(&json!({}), "standard", &"x".repeat(600))
            .split(' ')
            .count(),
        3
    );
}

#[test]
fn chains_of_the_settings_are_followed() {
    let custom = |tokenizer: &str, filters: Value| json!({"type": "custom", "tokenizer": tokenizer, "filter": filters});
    let cases = [
        (
            json!({"analyzer": {"a": custom("standard", json!(["lowercase", "asciifolding"]))}}),
            "Été Über",
            "ete@0 uber@1",
        ),
        (
            json!({"analyzer": {"a": custom("standard", json!("lowercase, stop"))}}),
            "To be Free",
            "free@2",
        ),
        (
            json!({"analyzer": {"a": custom("keyword", json!(["trim", "reverse"]))}}),
            " abc ",
            "cba@0",
        ),
        (
            json!({"analyzer": {"a": custom("whitespace", json!(["unique"]))}}),
            "a b a",
            "a@0 b@1",
        ),
        (
            json!({"analyzer": {"a": custom("whitespace", json!(["f"]))},
                   "filter": {"f": {"type": "edge_ngram", "min_gram": "2", "max_gram": "4"}}}),
            "quick a fox",
            "qu@0 qui@0 quic@0 fo@2 fox@2",
        ),
        (
            json!({"analyzer": {"a": custom("t", json!([]))},
                   "tokenizer": {"t": {"type": "ngram", "min_gram": "2", "max_gram": "3", "token_chars": ["letter"]}}}),
            "abc-de",
            "ab@0 abc@1 bc@2 de@3",
        ),
        (
            json!({"analyzer": {"a": custom("whitespace", json!(["f"]))},
                   "filter": {"f": {"type": "shingle", "max_shingle_size": "3"}}}),
            "a b c",
            "a@0 a b@0 a b c@0 b@1 b c@1 c@2",
        ),
        (
            json!({"analyzer": {"a": custom("whitespace", json!(["stop", "f"]))},
                   "filter": {"f": {"type": "shingle", "output_unigrams": "false"}}}),
            "fox and dog",
            "fox _@0 _ dog@1",
        ),
        (
            json!({"analyzer": {"a": custom("standard", json!(["lowercase", "s"]))},
                   "filter": {"s": {"type": "synonym", "synonyms": ["Laptop, notebook", "NYC => new york city", "# no", "tv, television set"]}}}),
            "my LAPTOP in nyc with television set",
            "my@0 laptop@1 notebook@1 in@2 new@3 york@4 with@4 city@5 tv@5 television@5 set@6",
        ),
        (
            json!({"analyzer": {"a": custom("t", json!([]))}, "tokenizer": {"t": {"type": "path_hierarchy"}}}),
            "/a/b/c",
            "/a@0 /a/b@0 /a/b/c@0",
        ),
        (
            json!({"analyzer": {"a": custom("t", json!([]))},
                   "tokenizer": {"t": {"type": "path_hierarchy", "delimiter": "-", "reverse": "true"}}}),
            "a-b-c",
            "a-b-c@0 b-c@0 c@0",
        ),
        (
            json!({"analyzer": {"a": custom("t", json!([]))},
                   "tokenizer": {"t": {"type": "pattern", "pattern": "\"([^\"]+)\"", "group": "1"}}}),
            "say \"one two\" and \"three\"",
            "one two@0 three@1",
        ),
        (
            json!({"analyzer": {"a": custom("uax_url_email", json!([]))}}),
            "Mail to john.smith@example.com or see https://example.com/a?b=1.",
            "Mail@0 to@1 john.smith@example.com@2 or@3 see@4 https://example.com/a?b=1@5",
        ),
        (
            json!({"analyzer": {"a": {"tokenizer": "standard", "char_filter": ["html_strip", "c", "p"]}},
                   "char_filter": {"c": {"type": "mapping", "mappings": [":) => happy", "& => and"]},
                                   "p": {"type": "pattern_replace", "pattern": "(\\d+)-(?=)", "replacement": "$1_"}}}),
            "<p>so <b>hap</b>py :)</p><script>no</script>Q&amp;A",
            "so@0 happy@1 happy@2 QandA@3",
        ),
        (
            json!({"analyzer": {"a": custom("whitespace", json!(["length", "truncate", "uppercase"]))},
                   "filter": {"length": {"type": "length", "min": "2"}, "truncate": {"type": "truncate", "length": "3"}}}),
            "a abcd straße",
            "ABC@1 STR@2",
        ),
        (
            json!({"analyzer": {"a": {"type": "english", "stem_exclusion": ["running"], "stopwords": "_none_"}}}),
            "the running runs",
            "the@0 running@1 run@2",
        ),
        (
            json!({"analyzer": {"a": {"type": "standard", "stopwords": ["foo", "bar"]}}}),
            "Foo is bar",
            "is@1",
        ),
    ];
    for (mut settings, text, expected) in cases {
        if let Some(pattern) = settings.pointer_mut("/char_filter/p/pattern") {
            *pattern = json!("(\\d+)-");
        }
        assert_eq!(
            tokens(&settings, "a", text),
            expected,
            "{settings} of {text}"
        );
    }
}

#[test]
fn tokens_are_found_in_the_text_as_it_was() {
    let settings = json!({"analysis": {"analyzer": {"a": {
        "tokenizer": "standard", "char_filter": ["html_strip"], "filter": ["lowercase"],
    }}}});
    let analysis = Analysis::of(&settings).unwrap();
    let text = "<p>Caf&eacute; <b>n&amp;b</b> Ends</p>";
    let tokens = analysis.analyser("a").unwrap().analyse(text).tokens;
    let found: Vec<&str> = tokens.iter().map(|it| &text[it.start..it.end]).collect();
    assert_eq!(found, ["Caf&eacute;", "n", "b", "Ends"]);
}

#[test]
fn wrong_settings_are_refused() {
    let cases = [
        json!({"analyzer": {"a": {}}}),
        json!({"analyzer": {"a": {"type": "klingon"}}}),
        json!({"analyzer": {"a": {"type": "custom"}}}),
        json!({"analyzer": {"a": {"tokenizer": "chop"}}}),
        json!({"analyzer": {"a": {"tokenizer": "standard", "filter": ["chop"]}}}),
        json!({"analyzer": {"a": {"tokenizer": "standard", "char_filter": ["chop"]}}}),
        json!({"analyzer": {"a": {"type": "standard", "stopwords_path": "words.txt"}}}),
        json!({"analyzer": {"a": {"type": "standard", "stopwords": "_klingon_"}}}),
        json!({"tokenizer": {"t": {"type": "ngram", "min_gram": "1", "max_gram": "9"}}}),
        json!({"tokenizer": {"t": {"type": "pattern", "pattern": "("}}}),
        json!({"tokenizer": {"t": {"type": "pattern", "pattern": "(((a{999}){999}){999})"}}}),
        json!({"filter": {"f": {"type": "stemmer", "language": "klingon"}}}),
        json!({"filter": {"f": {"type": "length", "min": "few"}}}),
        json!({"filter": {"f": {"type": "synonym", "synonyms": ["a =>"]}}}),
        json!({"filter": {"f": {}}}),
        json!({"char_filter": {"c": {"type": "mapping", "mappings": ["a"]}}}),
        json!({"normalizer": {"n": {"type": "custom", "filter": ["stop"]}}}),
    ];
    for settings in cases {
        let refusal = Analysis::of(&json!({ "analysis": settings }));
        assert!(refusal.is_err(), "{settings}");
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    let settings = json!({"analyzer": {"a": {
        "tokenizer": "standard", "char_filter": ["html_strip"], "filter": ["lowercase", "asciifolding"],
    }}});
    for text in [
        "<a",
        "<script>",
        "<!--",
        "&#",
        "<é",
        "&amp;",
        "<script></script>",
    ] {
        tokens(&settings, "a", &text.repeat(100_000));
    }
}
