//! Chains of analysis, from the settings of a collection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::chars::{CharFilter, Pairs};
use super::filters::{Filter, Shingle};
use super::grams::{Grams, Kind, Kinds};
use super::languages::{self, LANGUAGES, Stops};
use super::options::{Options, Result};
use super::pattern::Pattern;
use super::synonyms::Synonyms;
use super::tokenizers::{Path, TOKEN_CHARS_MAX, Tokenizer};
use super::{Analyser, Analysis};
use crate::error::StoreError;
use crate::limits::{NGRAM_DIFFERENCE_MAX, SHINGLE_DIFFERENCE_MAX};

impl Analysis {
    /// The built-in analysers and those of settings, as `Settings::to_json` gives
    /// them.
    pub(crate) fn of(settings: &Value) -> Result<Self> {
        let builder = Builder { settings };
        let mut analysis = Self {
            analysers: BTreeMap::new(),
            normalizers: BTreeMap::new(),
            standard: Arc::new(Analyser::standard()),
        };
        for (name, options) in builder.section("analyzer") {
            let options = Options::of("analyzer", name, Some(options));
            let analyser = builder.analyser(&options)?;
            analysis
                .analysers
                .insert(name.as_str().into(), Arc::new(analyser));
        }
        for (name, options) in builder.section("normalizer") {
            let options = Options::of("normalizer", name, Some(options));
            let normalizer = builder.normalizer(&options)?;
            analysis
                .normalizers
                .insert(name.as_str().into(), Arc::new(normalizer));
        }
        // What no analyser uses is to be right all the same.
        let unused = Vec::new();
        for (name, _) in builder.section("tokenizer") {
            builder.tokenizer(name)?;
        }
        for (name, _) in builder.section("char_filter") {
            builder.char_filter(name)?;
        }
        for (name, _) in builder.section("filter") {
            builder.filter(name, &Tokenizer::standard(), &unused)?;
        }
        Ok(analysis)
    }
}

/// The analysers that need no settings.
pub(super) fn built_in(name: &str) -> Option<Analyser> {
    let nothing = Value::Null;
    let builder = Builder { settings: &nothing };
    let options = Options::of("analyzer", name, None);
    builder.analyser_of_type(name, &options).ok()
}

pub(super) fn lowercase_normalizer() -> Arc<Analyser> {
    static LOWERCASE: LazyLock<Arc<Analyser>> =
        LazyLock::new(|| Arc::new(Analyser::new(Tokenizer::Keyword, vec![Filter::Lowercase])));
    LOWERCASE.clone()
}

struct Builder<'s> {
    settings: &'s Value,
}

impl<'s> Builder<'s> {
    fn section(&self, name: &str) -> impl Iterator<Item = (&'s String, &'s Value)> {
        let section = self.settings.get("analysis").and_then(|it| it.get(name));
        section.and_then(Value::as_object).into_iter().flatten()
    }

    /// What the settings have under a name.
    fn named(&self, section: &str, name: &str) -> Option<&'s Value> {
        self.settings.get("analysis")?.get(section)?.get(name)
    }

    fn analyser(&self, options: &Options<'s>) -> Result<Analyser> {
        match options.text("type") {
            Some("custom") => self.custom(options),
            None if options.get("tokenizer").is_some() => self.custom(options),
            None => Err(options.error("it needs [type] or [tokenizer]")),
            Some(of) => self.analyser_of_type(of, options),
        }
    }

    fn custom(&self, options: &Options<'s>) -> Result<Analyser> {
        let tokenizer = self.tokenizer(options.needed("tokenizer")?)?;
        let chars = options.list("char_filter")?.unwrap_or_default();
        let chars: Result<_> = chars.iter().map(|it| self.char_filter(it)).collect();
        let mut filters = Vec::new();
        for name in options.list("filter")?.unwrap_or_default() {
            let filter = self.filter(&name, &tokenizer, &filters)?;
            filters.extend(filter);
        }
        Ok(Analyser {
            chars: chars?,
            tokenizer,
            filters,
        })
    }

    fn normalizer(&self, options: &Options<'s>) -> Result<Analyser> {
        let chars = options.list("char_filter")?.unwrap_or_default();
        let chars: Result<_> = chars.iter().map(|it| self.char_filter(it)).collect();
        let mut filters = Vec::new();
        for name in options.list("filter")?.unwrap_or_default() {
            if let Some(filter) = self.filter(&name, &Tokenizer::Keyword, &filters)? {
                if !filter.is_normalizing() {
                    return Err(options.error(format!(
                        "the filter [{name}] does not change letters one by one"
                    )));
                }
                filters.push(filter);
            }
        }
        Ok(Analyser {
            chars: chars?,
            tokenizer: Tokenizer::Keyword,
            filters,
        })
    }

    /// The types of analysers that are no custom ones.
    fn analyser_of_type(&self, of: &str, options: &Options<'s>) -> Result<Analyser> {
        let stops = |default: &str| self.stops(options, default);
        let with = |mut filters: Vec<Filter>, stops: Option<Stops>| {
            filters.extend(stops.map(Filter::Stop));
            filters
        };
        let (tokenizer, filters) = match of {
            "standard" => {
                let most = options.number("max_token_length", TOKEN_CHARS_MAX)?;
                let filters = with(vec![Filter::Lowercase], stops("_none_")?);
                (Tokenizer::Standard(most.max(1)), filters)
            }
            "simple" => (Tokenizer::Letter, vec![Filter::Lowercase]),
            "whitespace" => (Tokenizer::Whitespace(TOKEN_CHARS_MAX), Vec::new()),
            "keyword" => (Tokenizer::Keyword, Vec::new()),
            "stop" => {
                let filters = with(vec![Filter::Lowercase], stops("_english_")?);
                (Tokenizer::Letter, filters)
            }
            "pattern" => {
                let pattern = options.text("pattern").unwrap_or(r"\W+");
                let flags = options.text("flags").unwrap_or_default();
                let pattern = Pattern::new(pattern, flags).map_err(|it| options.error(it))?;
                let lower = options.flag("lowercase", true)?;
                let filters = lower.then_some(Filter::Lowercase).into_iter().collect();
                (
                    Tokenizer::Pattern(pattern, None),
                    with(filters, stops("_none_")?),
                )
            }
            "fingerprint" => {
                let filters = vec![Filter::Lowercase, Filter::Fold { keeps: false }];
                let mut filters = with(filters, stops("_none_")?);
                filters.push(fingerprint(options)?);
                (Tokenizer::standard(), filters)
            }
            "snowball" => {
                let language = options.text("language").unwrap_or("English");
                let stemmer = languages::snowball(language);
                let stemmer = stemmer.ok_or_else(|| unknown_language(options, language))?;
                let stops = stops(&format!("_{}_", language.to_ascii_lowercase()));
                let filters = with(vec![Filter::Lowercase], stops?);
                let filters = filters.into_iter().chain([Filter::Stem(stemmer)]);
                (Tokenizer::standard(), filters.collect())
            }
            language if LANGUAGES.contains(&language) => self.language(language, options)?,
            _ => {
                let message = format!(
                    "there is no analyzer of the type [{of}] here; there are custom, standard, \
                     simple, whitespace, keyword, stop, pattern, fingerprint, snowball and the \
                     languages {}",
                    LANGUAGES.join(", ")
                );
                return Err(options.error(message));
            }
        };
        Ok(Analyser::new(tokenizer, filters))
    }

    fn language(&self, language: &str, options: &Options<'s>) -> Result<(Tokenizer, Vec<Filter>)> {
        let mut filters = Vec::new();
        let articles = languages::articles(language);
        if !articles.is_empty() {
            filters.push(Filter::Elision(articles));
        }
        if language == "english" {
            filters.push(Filter::Possessive);
        }
        filters.push(Filter::Lowercase);
        let stops = self.stops(options, &format!("_{language}_"))?;
        filters.extend(stops.map(Filter::Stop));
        let exclusions = options.list("stem_exclusion")?.unwrap_or_default();
        if !exclusions.is_empty() {
            filters.push(Filter::Protect(exclusions.into_iter().collect()));
        }
        filters.extend(languages::stemmer(language).map(Filter::Stem));
        Ok((Tokenizer::standard(), filters))
    }

    /// `stopwords`: a list of words, `_english_` and such, `_none_`.
    fn stops(&self, options: &Options<'s>, default: &str) -> Result<Option<Stops>> {
        options.refuse_paths()?;
        let listed = options.list("stopwords")?;
        let ignores_case = options.flag("ignore_case", false)?;
        match listed.as_deref() {
            None => Ok(language_stops(default)),
            Some([single]) if single == "_none_" => Ok(None),
            Some([single]) if is_named(single) => match language_stops(single) {
                Some(stops) => Ok(Some(stops)),
                None => Err(options.error(format!(
                    "the stop words [{single}] are not known here: list them"
                ))),
            },
            Some(words) => Ok(Some(Stops::words(words.iter().cloned(), ignores_case))),
        }
    }

    fn tokenizer(&self, name: &str) -> Result<Tokenizer> {
        let settings = self.named("tokenizer", name);
        let options = Options::of("tokenizer", name, settings);
        let of = match settings {
            Some(_) => options.needed("type")?,
            None => name,
        };
        let chars = || options.number("max_token_length", TOKEN_CHARS_MAX);
        Ok(match of {
            "standard" | "classic" => Tokenizer::Standard(chars()?.max(1)),
            "letter" => Tokenizer::Letter,
            "lowercase" => Tokenizer::Letter,
            "whitespace" => Tokenizer::Whitespace(chars()?.max(1)),
            "keyword" => Tokenizer::Keyword,
            "pattern" => {
                let pattern = options.text("pattern").unwrap_or(r"\W+");
                let flags = options.text("flags").unwrap_or_default();
                let pattern = Pattern::new(pattern, flags).map_err(|it| options.error(it))?;
                let group = match options.text("group") {
                    Some("-1") => None,
                    Some(_) => Some(options.number("group", 0)?),
                    None => None,
                };
                Tokenizer::Pattern(pattern, group)
            }
            "ngram" | "nGram" => {
                let grams = self.grams(&options, (1, 2), false)?;
                Tokenizer::Grams(grams, kinds(&options)?)
            }
            "edge_ngram" | "edgeNGram" => {
                let grams = self.grams(&options, (1, 2), true)?;
                Tokenizer::Grams(grams, kinds(&options)?)
            }
            "path_hierarchy" | "PathHierarchy" => path(&options)?,
            "uax_url_email" => {
                let pattern = Pattern::new(ADDRESSES, "").map_err(|it| options.error(it))?;
                Tokenizer::UrlEmail(pattern)
            }
            _ => {
                return Err(StoreError::refused(format!(
                    "there is no tokenizer [{name}] here: define it in the settings \
                     (analysis.tokenizer), or take standard, whitespace, keyword, letter, \
                     lowercase, pattern, ngram, edge_ngram, path_hierarchy or uax_url_email"
                )));
            }
        })
    }

    fn char_filter(&self, name: &str) -> Result<CharFilter> {
        let settings = self.named("char_filter", name);
        let options = Options::of("char_filter", name, settings);
        let of = match settings {
            Some(_) => options.needed("type")?,
            None => name,
        };
        options.refuse_paths()?;
        Ok(match of {
            "html_strip" => CharFilter::Html {
                kept: options.list("escaped_tags")?.unwrap_or_default(),
            },
            "mapping" => CharFilter::Mapping(pairs(&options)?),
            "pattern_replace" => {
                let flags = options.text("flags").unwrap_or_default();
                let pattern = Pattern::new(options.needed("pattern")?, flags);
                CharFilter::Replace {
                    pattern: pattern.map_err(|it| options.error(it))?,
                    with: options.text("replacement").unwrap_or_default().to_owned(),
                }
            }
            _ => {
                return Err(StoreError::refused(format!(
                    "there is no char_filter [{name}] here: define it in the settings \
                     (analysis.char_filter) as html_strip, mapping or pattern_replace"
                )));
            }
        })
    }

    /// None for those that change nothing here.
    fn filter(
        &self,
        name: &str,
        tokenizer: &Tokenizer,
        before: &[Filter],
    ) -> Result<Option<Filter>> {
        let settings = self.named("filter", name);
        let options = Options::of("filter", name, settings);
        let of = match settings {
            Some(_) => options.needed("type")?,
            None => name,
        };
        options.refuse_paths()?;
        if matches!(of, "synonym" | "synonym_graph") {
            let analyser = Analyser::new(tokenizer.clone(), before.to_vec());
            return synonyms(&options, &analyser).map(Some);
        }
        if of == "flatten_graph" {
            return Ok(None);
        }
        match self.simple_filter(of, &options)? {
            Some(filter) => Ok(Some(filter)),
            None => Err(StoreError::refused(format!(
                "there is no filter [{name}] here: define it in the settings (analysis.filter), or \
                 take lowercase, uppercase, asciifolding, stop, stemmer, snowball, porter_stem, \
                 ngram, edge_ngram, shingle, synonym, length, truncate, limit, trim, unique, \
                 reverse, elision, apostrophe, decimal_digit, keyword_marker, keep, \
                 pattern_replace or fingerprint"
            ))),
        }
    }

    fn simple_filter(&self, of: &str, options: &Options<'s>) -> Result<Option<Filter>> {
        let words = |key: &str| -> Result<BTreeSet<String>> {
            Ok(options.list(key)?.unwrap_or_default().into_iter().collect())
        };
        Ok(Some(match of {
            "lowercase" => Filter::Lowercase,
            "uppercase" => Filter::Uppercase,
            "asciifolding" => Filter::Fold {
                keeps: options.flag("preserve_original", false)?,
            },
            "trim" => Filter::Trim,
            "reverse" => Filter::Reverse,
            "apostrophe" => Filter::Apostrophe,
            "decimal_digit" => Filter::Digits,
            "porter_stem" | "porterStem" => stem(options, "porter")?,
            "stemmer" => match options.text("language").or(options.text("name")) {
                Some("possessive_english") => Filter::Possessive,
                language => stem(options, language.unwrap_or("porter"))?,
            },
            "snowball" => {
                let language = options.text("language").unwrap_or("English");
                let stemmer = languages::snowball(language);
                Filter::Stem(stemmer.ok_or_else(|| unknown_language(options, language))?)
            }
            "stop" => match self.stops(options, "_english_")? {
                Some(stops) => Filter::Stop(stops),
                None => Filter::Stop(Stops::words([], false)),
            },
            "elision" => match options.list("articles")? {
                Some(articles) => Filter::Elision(articles.into_iter().collect()),
                None => Filter::Elision(languages::articles("french")),
            },
            "keyword_marker" => Filter::Protect(words("keywords")?),
            "keep" => Filter::Keep(words("keep_words")?),
            "length" => Filter::Length {
                least: options.number("min", 0)?,
                most: options.number("max", usize::MAX)?,
            },
            "truncate" => Filter::Truncate(options.number("length", 10)?),
            "limit" => Filter::Limit(options.number("max_token_count", 1)?),
            "unique" => Filter::Unique {
                only_same_position: options.flag("only_on_same_position", false)?,
            },
            "ngram" | "nGram" => Filter::Grams {
                grams: self.grams(options, (1, 2), false)?,
                keeps: options.flag("preserve_original", false)?,
            },
            "edge_ngram" | "edgeNGram" => Filter::Grams {
                grams: self.grams(options, (1, 2), true)?,
                keeps: options.flag("preserve_original", false)?,
            },
            "shingle" => self.shingle(options)?,
            "fingerprint" => fingerprint(options)?,
            "pattern_replace" => {
                let flags = options.text("flags").unwrap_or_default();
                let pattern = Pattern::new(options.needed("pattern")?, flags);
                Filter::Replace {
                    pattern: pattern.map_err(|it| options.error(it))?,
                    with: options.text("replacement").unwrap_or_default().to_owned(),
                }
            }
            _ => return Ok(None),
        }))
    }

    fn limit(&self, key: &str, default: usize) -> usize {
        let text = self.settings.get(key).and_then(Value::as_str);
        text.and_then(|it| it.parse().ok()).unwrap_or(default)
    }

    fn grams(
        &self,
        options: &Options<'_>,
        (least, most): (usize, usize),
        is_edge: bool,
    ) -> Result<Grams> {
        let grams = Grams {
            least: options.number("min_gram", least)?,
            most: options.number("max_gram", most)?,
            is_edge,
        };
        if grams.least == 0 || grams.least > grams.most {
            return Err(options.error("[min_gram] is at least 1 and at most [max_gram]"));
        }
        let limit = self.limit("max_ngram_diff", NGRAM_DIFFERENCE_MAX);
        if !is_edge && grams.most - grams.least > limit {
            return Err(options.error(format!(
                "[max_gram] is more than {limit} above [min_gram]: raise the setting \
                 [max_ngram_diff]"
            )));
        }
        Ok(grams)
    }

    fn shingle(&self, options: &Options<'_>) -> Result<Filter> {
        let shingle = Shingle {
            least: options.number("min_shingle_size", 2)?,
            most: options.number("max_shingle_size", 2)?,
            keeps_words: options.flag("output_unigrams", true)?,
            separator: options.text("token_separator").unwrap_or(" ").to_owned(),
            filler: options.text("filler_token").unwrap_or("_").to_owned(),
        };
        if shingle.least < 2 || shingle.least > shingle.most {
            return Err(
                options.error("[min_shingle_size] is at least 2 and at most [max_shingle_size]")
            );
        }
        let limit = self.limit("max_shingle_diff", SHINGLE_DIFFERENCE_MAX);
        if shingle.most - shingle.least > limit {
            return Err(options.error(format!(
                "[max_shingle_size] is more than {limit} above [min_shingle_size]: raise the \
                 setting [max_shingle_diff]"
            )));
        }
        Ok(Filter::Shingle(shingle))
    }
}

fn is_named(words: &str) -> bool {
    words.len() > 2 && words.starts_with('_') && words.ends_with('_')
}

fn language_stops(name: &str) -> Option<Stops> {
    Stops::of(name.strip_prefix('_')?.strip_suffix('_')?)
}

fn stem(options: &Options<'_>, language: &str) -> Result<Filter> {
    let stemmer = languages::stemmer(language);
    let stemmer = stemmer.ok_or_else(|| unknown_language(options, language))?;
    Ok(Filter::Stem(stemmer))
}

fn unknown_language(options: &Options<'_>, language: &str) -> StoreError {
    options.error(format!("the language [{language}] is not known here"))
}

fn fingerprint(options: &Options<'_>) -> Result<Filter> {
    Ok(Filter::Fingerprint {
        separator: options.text("separator").unwrap_or(" ").to_owned(),
        most: options.number("max_output_size", 255)?,
    })
}

fn synonyms(options: &Options<'_>, analyser: &Analyser) -> Result<Filter> {
    let rules = options.texts("synonyms")?;
    let expand = options.flag("expand", true)?;
    let cut = |text: &str| {
        let tokens = analyser.analyse(text).tokens.into_iter();
        tokens.map(|it| it.text).collect()
    };
    let synonyms = Synonyms::new(&rules, expand, cut);
    Ok(Filter::Synonyms(synonyms.map_err(|it| options.error(it))?))
}

fn pairs(options: &Options<'_>) -> Result<Pairs> {
    let mut pairs = Pairs::new();
    for mapping in options.texts("mappings")? {
        let pair = mapping
            .split_once("=>")
            .map(|it| (it.0.trim(), it.1.trim()));
        match pair.and_then(|it| Some((it.0.chars().next()?, it))) {
            Some((first, (from, to))) => {
                let pair = (from.to_owned(), to.to_owned());
                pairs.entry(first).or_default().push(pair);
            }
            None => return Err(options.error(format!("the mapping [{mapping}] is no `a => b`"))),
        }
    }
    Ok(pairs)
}

fn kinds(options: &Options<'_>) -> Result<Kinds> {
    let kinds = options.list("token_chars")?.unwrap_or_default();
    let unknown = |it: &String| options.error(format!("there are no [token_chars] [{it}]"));
    let kinds: Result<_> = kinds
        .iter()
        .map(|it| Kind::parse(it).ok_or_else(|| unknown(it)))
        .collect();
    Ok(Kinds {
        kinds: kinds?,
        custom: options
            .text("custom_token_chars")
            .unwrap_or_default()
            .into(),
    })
}

fn path(options: &Options<'_>) -> Result<Tokenizer> {
    let letter = |key: &str, default: char| -> Result<char> {
        let mut letters = options.text(key).unwrap_or_default().chars();
        match (letters.next(), letters.next()) {
            (None, _) => Ok(default),
            (Some(letter), None) => Ok(letter),
            _ => Err(options.error(format!("[{key}] must be one character"))),
        }
    };
    let delimiter = letter("delimiter", '/')?;
    Ok(Tokenizer::Path(Path {
        delimiter,
        replacement: letter("replacement", delimiter)?,
        is_reverse: options.flag("reverse", false)?,
        skip: options.number("skip", 0)?,
    }))
}

/// Addresses of mail and of pages.
const ADDRESSES: &str = r"(?:https?|ftp)://[^\s<>]*[a-zA-Z0-9/]|[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+";
