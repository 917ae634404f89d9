//! Filters of characters: what happens to a text before it is cut. Tokens are
//! found again in the text as it was.

use std::collections::BTreeMap;

use super::pattern::Pattern;

#[derive(Clone, Debug)]
pub(super) enum CharFilter {
    /// Tags go, entities become characters.
    Html {
        kept: Vec<String>,
    },
    /// What is left of `=>` becomes what is right of it; the longest wins.
    Mapping(Pairs),
    Replace {
        pattern: Pattern,
        with: String,
    },
}

/// By the first character of what is replaced.
pub(super) type Pairs = BTreeMap<char, Vec<(String, String)>>;

/// A text after some filters.
#[derive(Debug)]
pub(super) struct Filtered {
    pub(super) text: String,
    /// Places here and in the original from which on they run in parallel.
    places: Vec<(usize, usize)>,
}

impl Filtered {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            places: vec![(0, 0)],
        }
    }

    /// Where a place of this text was in the original.
    pub(super) fn origin(&self, place: usize) -> usize {
        let next = self.places.partition_point(|it| it.0 <= place);
        let (here, there) = self.places[next.saturating_sub(1)];
        let origin = there + (place - here);
        // Inside of what was replaced: not past what follows.
        self.places.get(next).map_or(origin, |it| origin.min(it.1))
    }

    /// Where the end of a token was: what was dropped behind it is no part of it.
    pub(super) fn origin_of_end(&self, place: usize) -> usize {
        let first = self.places.partition_point(|it| it.0 < place);
        match self.places.get(first) {
            Some((here, there)) if *here == place => *there,
            _ => self.origin(place),
        }
    }

    pub(super) fn then(self, filter: &CharFilter) -> Self {
        let mut edit = Edit::default();
        match filter {
            CharFilter::Html { kept } => strip_html(&self.text, kept, &mut edit),
            CharFilter::Mapping(pairs) => map(&self.text, pairs, &mut edit),
            CharFilter::Replace { pattern, with } => {
                pattern.replace(&self.text, with, |span, new| {
                    edit.replace(&self.text, span, &new);
                });
            }
        }
        edit.keep(&self.text, self.text.len());
        let places = edit
            .places
            .iter()
            .map(|(new, old)| (*new, self.origin(*old)));
        Self {
            places: [(0, self.origin(0))].into_iter().chain(places).collect(),
            text: edit.text,
        }
    }
}

/// A text that is being written anew.
#[derive(Default)]
struct Edit {
    text: String,
    /// Up to where the old text was read.
    read: usize,
    places: Vec<(usize, usize)>,
}

impl Edit {
    fn keep(&mut self, old: &str, end: usize) {
        self.text.push_str(&old[self.read..end]);
        self.read = end;
    }

    fn replace(&mut self, old: &str, (start, end): (usize, usize), new: &str) {
        self.keep(old, start);
        self.places.push((self.text.len(), start));
        self.text.push_str(new);
        self.read = end;
        self.places.push((self.text.len(), end));
    }
}

fn map(text: &str, pairs: &Pairs, edit: &mut Edit) {
    let mut place = 0;
    while let Some(letter) = text[place..].chars().next() {
        let pairs = pairs.get(&letter).into_iter().flatten();
        let matching = pairs.filter(|it| text[place..].starts_with(&it.0));
        match matching.max_by_key(|it| it.0.len()) {
            Some((from, to)) => {
                edit.replace(text, (place, place + from.len()), to);
                place += from.len();
            }
            None => place += letter.len_utf8(),
        }
    }
}

/// Elements that break a line of text.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "button",
    "canvas",
    "caption",
    "center",
    "col",
    "colgroup",
    "dd",
    "dir",
    "div",
    "dl",
    "dt",
    "embed",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hgroup",
    "hr",
    "html",
    "iframe",
    "isindex",
    "li",
    "link",
    "map",
    "menu",
    "meta",
    "nav",
    "noframes",
    "noscript",
    "object",
    "ol",
    "output",
    "p",
    "pre",
    "progress",
    "section",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
    "video",
];

fn strip_html(text: &str, kept: &[String], edit: &mut Edit) {
    // Behind the last `>` there are no tags: each `<` there would walk through
    // all the rest.
    let last = text.rfind('>').unwrap_or(0);
    let mut place = 0;
    while let Some(found) = text[place..].find(['<', '&']) {
        let start = place + found;
        let rest = &text[start..];
        place = match rest.starts_with('<') {
            true if start > last => start + 1,
            true => match tag(rest) {
                Some((name, _)) if kept.contains(&name) => start + 1,
                Some((name, length)) => {
                    let new = if BLOCKS.contains(&name.as_str()) {
                        "\n"
                    } else {
                        ""
                    };
                    edit.replace(text, (start, start + length), new);
                    start + length
                }
                None => start + 1,
            },
            false => match entity(rest) {
                Some((letter, length)) => {
                    edit.replace(
                        text,
                        (start, start + length),
                        letter.encode_utf8(&mut [0; 4]),
                    );
                    start + length
                }
                None => start + 1,
            },
        };
    }
}

/// The name of the tag that the text begins with, and its length; comments,
/// scripts and styles with all their content.
fn tag(text: &str) -> Option<(String, usize)> {
    if text.starts_with("<!--") {
        let end = text.find("-->").map_or(text.len(), |it| it + 3);
        return Some((String::new(), end));
    }
    let inner = text.strip_prefix("</").or_else(|| text.strip_prefix('<'))?;
    let is_tag = inner.starts_with(|it: char| it.is_ascii_alphabetic() || "!?".contains(it));
    if !is_tag {
        return None;
    }
    let end = inner.find(|it: char| !it.is_ascii_alphanumeric());
    let name = inner[..end.unwrap_or(inner.len())].to_ascii_lowercase();
    let length = text.find('>')? + 1;
    if matches!(name.as_str(), "script" | "style") && !text.starts_with("</") {
        let close = format!("</{name}");
        let mut places = text.as_bytes().windows(close.len());
        let close = places.position(|it| it.eq_ignore_ascii_case(close.as_bytes()));
        let end = close.and_then(|it| Some(it + text[it..].find('>')? + 1));
        return Some((name, end.unwrap_or(text.len())));
    }
    Some((name, length))
}

const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("euro", '€'),
    ("pound", '£'),
    ("yen", '¥'),
    ("cent", '¢'),
    ("sect", '§'),
    ("deg", '°'),
    ("hellip", '…'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("agrave", 'à'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("aring", 'å'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("egrave", 'è'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("igrave", 'ì'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ntilde", 'ñ'),
    ("ograve", 'ò'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("oslash", 'ø'),
    ("ugrave", 'ù'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("uuml", 'ü'),
    ("yacute", 'ý'),
    ("szlig", 'ß'),
    ("Agrave", 'À'),
    ("Aacute", 'Á'),
    ("Auml", 'Ä'),
    ("Aring", 'Å'),
    ("Ccedil", 'Ç'),
    ("Egrave", 'È'),
    ("Eacute", 'É'),
    ("Ntilde", 'Ñ'),
    ("Oacute", 'Ó'),
    ("Ouml", 'Ö'),
    ("Oslash", 'Ø'),
    ("Uuml", 'Ü'),
];

/// `&amp;`, `&#233;`, `&#xe9;` and their length.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|it| it == b';')?;
    let name = text.get(1..end)?;
    let letter = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
        None => ENTITIES.iter().find(|it| it.0 == name)?.1,
    };
    Some((letter, end + 1))
}
