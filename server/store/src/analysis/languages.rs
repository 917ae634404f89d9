//! What is known of languages: stop words, stems, articles.

use std::collections::BTreeSet;
use std::sync::Arc;

use frostem::Algorithm;
use tantivy::tokenizer::{Language, RawTokenizer, StopWordFilter, TextAnalyzer};

use super::Token;

/// Words that are dropped.
#[derive(Clone)]
pub(super) enum Stops {
    Of {
        language: &'static str,
        filter: TextAnalyzer,
    },
    Words {
        words: Arc<BTreeSet<String>>,
        ignores_case: bool,
    },
}

impl std::fmt::Debug for Stops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Of { language, .. } => f.write_str(language),
            Self::Words { words, .. } => words.fmt(f),
        }
    }
}

const STOPS: [(&str, Language); 13] = [
    ("danish", Language::Danish),
    ("dutch", Language::Dutch),
    ("english", Language::English),
    ("finnish", Language::Finnish),
    ("french", Language::French),
    ("german", Language::German),
    ("hungarian", Language::Hungarian),
    ("italian", Language::Italian),
    ("norwegian", Language::Norwegian),
    ("portuguese", Language::Portuguese),
    ("russian", Language::Russian),
    ("spanish", Language::Spanish),
    ("swedish", Language::Swedish),
];

impl Stops {
    /// Those of a language, when they are known.
    pub(super) fn of(language: &str) -> Option<Self> {
        let language = if language == "brazilian" {
            "portuguese"
        } else {
            language
        };
        let (language, of) = STOPS.iter().find(|it| it.0 == language)?;
        let stop = StopWordFilter::new(*of)?;
        let raw = TextAnalyzer::builder(RawTokenizer::default());
        Some(Self::Of {
            language,
            filter: raw.filter(stop).build(),
        })
    }

    pub(super) fn words(words: impl IntoIterator<Item = String>, ignores_case: bool) -> Self {
        let lower = |it: String| if ignores_case { it.to_lowercase() } else { it };
        Self::Words {
            words: Arc::new(words.into_iter().map(lower).collect()),
            ignores_case,
        }
    }

    pub(super) fn without(&self, mut tokens: Vec<Token>) -> Vec<Token> {
        match self {
            Self::Of { filter, .. } => {
                let mut filter = filter.clone();
                tokens.retain(|it| filter.token_stream(&it.text).advance());
            }
            Self::Words {
                words,
                ignores_case,
            } => tokens.retain(|it| match ignores_case {
                true => !words.contains(&it.text.to_lowercase()),
                false => !words.contains(&it.text),
            }),
        }
        tokens
    }
}

/// The stemmer that Elasticsearch's name of a language or algorithm stands for.
/// Where Elasticsearch has light and full ones, both are the full one.
pub(super) fn stemmer(name: &str) -> Option<Algorithm> {
    let name = name.to_ascii_lowercase();
    let name = ["light_", "minimal_"]
        .iter()
        .find_map(|it| name.strip_prefix(it))
        .unwrap_or(&name);
    let algorithm = match name {
        // Lucene's stemmer of English is the first one of Porter.
        "english" | "porter" => Algorithm::Porter,
        "porter2" => Algorithm::English,
        "brazilian" | "portuguese_rslp" => Algorithm::Portuguese,
        "dutch_kp" => Algorithm::DutchPorter,
        "german2" => Algorithm::German,
        "nynorsk" => Algorithm::Norwegian,
        name => Algorithm::from_name(name).ok()?,
    };
    Some(algorithm)
}

/// The stemmer of the filter `snowball`, whose names are those of Snowball.
pub(super) fn snowball(name: &str) -> Option<Algorithm> {
    match name.to_ascii_lowercase().as_str() {
        "english" => Some(Algorithm::English),
        name => stemmer(name),
    }
}

/// The languages that have an analyser.
pub(super) const LANGUAGES: [&str; 29] = [
    "arabic",
    "armenian",
    "basque",
    "brazilian",
    "catalan",
    "czech",
    "danish",
    "dutch",
    "english",
    "estonian",
    "finnish",
    "french",
    "german",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "lithuanian",
    "norwegian",
    "persian",
    "portuguese",
    "romanian",
    "russian",
    "serbian",
    "spanish",
    "swedish",
    "turkish",
];

/// What an apostrophe ties to the next word.
pub(super) fn articles(language: &str) -> BTreeSet<String> {
    let articles: &[&str] = match language {
        "french" => &[
            "l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu",
        ],
        "italian" => &[
            "c", "l", "all", "dall", "dell", "nell", "sull", "coll", "pell", "gl", "agl", "dagl",
            "degl", "negl", "sugl", "un", "m", "t", "s", "v", "d",
        ],
        "catalan" => &["d", "l", "m", "n", "s", "t"],
        "irish" => &["d", "m", "b"],
        _ => &[],
    };
    articles.iter().map(|it| (*it).to_owned()).collect()
}
