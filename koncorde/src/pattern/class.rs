//! Sets of characters: brackets, Perl's, POSIX's and Unicode's classes.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

use super::escape::{self, Escape};
use super::parse::excerpt;
use crate::limits;

pub(crate) type Set = ClassUnicode;

/// The ranges that the classes of a pattern may still have.
pub(crate) struct Budget(usize);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(limits::PATTERN_RANGES)
    }

    pub(crate) fn spend(&mut self, set: &Set) -> Result<(), String> {
        let left = self.0.checked_sub(set.ranges().len());
        self.0 = left.ok_or("pattern too large: its classes have too many characters")?;
        Ok(())
    }
}

/// Unicode's scripts by their full names, each with a capital.
const SCRIPTS: &str = "Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum \
    Bassa_Vah Batak Bengali Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal \
    Carian Caucasian_Albanian Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot \
    Cypro_Minoan Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs \
    Elbasan Elymaic Ethiopic Garay Georgian Glagolitic Gothic Grantha Greek Gujarati \
    Gunjala_Gondi Gurmukhi Gurung_Khema Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana \
    Imperial_Aramaic Inherited Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi \
    Kannada Katakana Kawi Kayah_Li Kharoshthi Khitan_Small_Script Khmer Khojki Khudawadi \
    Kirat_Rai Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani Makasar \
    Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui \
    Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean \
    Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki \
    Ol_Onal Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian \
    Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene \
    Pau_Cin_Hau Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada \
    Shavian Siddham SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Sunuwar \
    Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut \
    Telugu Thaana Thai Tibetan Tifinagh Tirhuta Todhri Toto Tulu_Tigalari Ugaritic Vai Vithkuqi \
    Wancho Warang_Citi Yezidi Yi Zanabazar_Square";

/// Unicode's general categories by their short and long names.
#[rustfmt::skip]
const CATEGORIES: &[(&str, &str)] = &[
    ("C", "Other"), ("Cc", "Control"), ("Cf", "Format"), ("Co", "Private_Use"),
    ("Cs", "Surrogate"),
    ("L", "Letter"), ("Ll", "Lowercase_Letter"), ("Lm", "Modifier_Letter"),
    ("Lo", "Other_Letter"), ("Lt", "Titlecase_Letter"), ("Lu", "Uppercase_Letter"),
    ("M", "Mark"), ("Mc", "Spacing_Mark"), ("Me", "Enclosing_Mark"), ("Mn", "Nonspacing_Mark"),
    ("N", "Number"), ("Nd", "Decimal_Number"), ("Nl", "Letter_Number"), ("No", "Other_Number"),
    ("P", "Punctuation"), ("Pc", "Connector_Punctuation"), ("Pd", "Dash_Punctuation"),
    ("Pe", "Close_Punctuation"), ("Pf", "Final_Punctuation"), ("Pi", "Initial_Punctuation"),
    ("Po", "Other_Punctuation"), ("Ps", "Open_Punctuation"),
    ("S", "Symbol"), ("Sc", "Currency_Symbol"), ("Sk", "Modifier_Symbol"), ("Sm", "Math_Symbol"),
    ("So", "Other_Symbol"),
    ("Z", "Separator"), ("Zl", "Line_Separator"), ("Zp", "Paragraph_Separator"),
    ("Zs", "Space_Separator"),
];

fn set(ranges: &[(char, char)]) -> Set {
    Set::new(
        ranges
            .iter()
            .map(|(low, high)| ClassUnicodeRange::new(*low, *high)),
    )
}

/// What a dot stands for.
pub(crate) fn dot(with_line_feed: bool) -> Set {
    if with_line_feed {
        set(&[('\0', char::MAX)])
    } else {
        set(&[('\0', '\x09'), ('\x0b', char::MAX)])
    }
}

/// A character in all its cases.
pub(crate) fn folded(c: char) -> Set {
    finish(set(&[(c, c)]), true, false)
}

/// A set with the other cases of its characters, then all others if negated.
pub(crate) fn finish(mut set: Set, ignore_case: bool, negated: bool) -> Set {
    if ignore_case {
        set.case_fold_simple();
    }
    if negated {
        set.negate();
    }
    set
}

/// The set of `\d`, `\s` or `\w`: ASCII only.
pub(crate) fn perl(letter: char) -> Option<Set> {
    match letter {
        'd' => posix("digit"),
        's' => Some(set(&[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')])),
        'w' => posix("word"),
        _ => None,
    }
}

fn posix(name: &str) -> Option<Set> {
    Some(match name {
        "alnum" => set(&[('0', '9'), ('A', 'Z'), ('a', 'z')]),
        "alpha" => set(&[('A', 'Z'), ('a', 'z')]),
        "ascii" => set(&[('\0', '\x7f')]),
        "blank" => set(&[('\t', '\t'), (' ', ' ')]),
        "cntrl" => set(&[('\0', '\x1f'), ('\x7f', '\x7f')]),
        "digit" => set(&[('0', '9')]),
        "graph" => set(&[('!', '~')]),
        "lower" => set(&[('a', 'z')]),
        "print" => set(&[(' ', '~')]),
        "punct" => set(&[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
        "space" => set(&[('\t', '\r'), (' ', ' ')]),
        "upper" => set(&[('A', 'Z')]),
        "word" => set(&[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')]),
        "xdigit" => set(&[('0', '9'), ('A', 'F'), ('a', 'f')]),
        _ => return None,
    })
}

/// The set of `\p{name}`: a general category or a script.
pub(crate) fn unicode(name: &str) -> Option<Set> {
    let category = CATEGORIES
        .iter()
        .find(|(short, long)| [*short, *long].contains(&name));
    match category.map_or(name, |(short, _)| *short) {
        "Any" => Some(dot(true)),
        // Only what is assigned, and surrogates are never in a text.
        "C" => ["Cc", "Cf", "Co"]
            .into_iter()
            .try_fold(Set::empty(), |mut sum, name| {
                sum.union(&unicode(name)?);
                Some(sum)
            }),
        "Cs" => Some(Set::empty()),
        short if category.is_some() => from_tables("gc", short),
        name => {
            let script = name.strip_prefix("Script=").or(name.strip_prefix("sc="));
            let script = script.unwrap_or(name);
            let is_known = SCRIPTS.split_whitespace().any(|it| it == script);
            is_known.then(|| from_tables("sc", script))?
        }
    }
}

fn from_tables(property: &str, name: &str) -> Option<Set> {
    let hir = regex_syntax::parse(&format!("\\p{{{property}={name}}}")).ok()?;
    match hir.into_kind() {
        HirKind::Class(Class::Unicode(set)) => Some(set),
        // A set of one character is written as that one.
        HirKind::Literal(literal) => {
            let c = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(set(&[(c, c)]))
        }
        _ => None,
    }
}

/// Reads a class in brackets; gives back what follows it.
pub(crate) fn parse_bracketed<'s>(
    from: &'s str,
    ignore_case: bool,
    budget: &mut Budget,
) -> Result<(Set, &'s str), String> {
    let missing = || format!("missing ]: {}", excerpt(from));
    let mut rest = &from[1..];
    let negated = rest.starts_with('^');
    rest = &rest[usize::from(negated)..];
    let mut sum = Set::empty();
    let mut is_first = true;
    while is_first || !rest.starts_with(']') {
        is_first = false;
        if rest.is_empty() {
            return Err(missing());
        }
        let (part, after) = parse_part(rest, ignore_case, &missing)?;
        budget.spend(&part)?;
        sum.union(&part);
        rest = after;
    }
    Ok((finish(sum, ignore_case, negated), &rest[1..]))
}

/// Reads one class, range or character in brackets.
fn parse_part<'s>(
    from: &'s str,
    ignore_case: bool,
    missing: &impl Fn() -> String,
) -> Result<(Set, &'s str), String> {
    if let Some((name, rest)) = from.strip_prefix("[:").and_then(|it| it.split_once(":]")) {
        let (negated, plain) = name
            .strip_prefix('^')
            .map_or((false, name), |it| (true, it));
        let set = posix(plain).ok_or_else(|| {
            format!("invalid character class range: [:{name}:]; expected a POSIX class")
        })?;
        return Ok((finish(set, ignore_case, negated), rest));
    }
    if from.starts_with('\\')
        && let Some((Escape::Class(set, negated), rest)) = escape::parse_class(from)?
    {
        return Ok((finish(set, ignore_case, negated), rest));
    }
    let (low, rest) = parse_end(from, missing)?;
    let is_range = rest.starts_with('-') && rest.len() > 1 && !rest.starts_with("-]");
    let (high, rest) = if is_range {
        parse_end(&rest[1..], missing)?
    } else {
        (low, rest)
    };
    if high < low {
        let source = &from[..from.len() - rest.len()];
        return Err(format!(
            "invalid character class range: {source}; the smaller character comes first"
        ));
    }
    // Surrogates are never in a text.
    let low = char::from_u32(low).unwrap_or('\u{e000}');
    let high = char::from_u32(high).unwrap_or('\u{d7ff}');
    let part = if low <= high {
        set(&[(low, high)])
    } else {
        Set::empty()
    };
    Ok((part, rest))
}

/// Reads the code point at either end of a range.
fn parse_end<'s>(from: &'s str, missing: &impl Fn() -> String) -> Result<(u32, &'s str), String> {
    /// Any surrogate: they all mean nothing.
    const SURROGATE: u32 = 0xd800;
    if from.starts_with('\\') {
        let (c, rest) = escape::parse_char(from)?;
        return Ok((c.map_or(SURROGATE, u32::from), rest));
    }
    let c = from.chars().next().ok_or_else(missing)?;
    Ok((u32::from(c), &from[c.len_utf8()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_are_in_the_tables() {
        let scripts = SCRIPTS.split_whitespace();
        for name in scripts.chain(CATEGORIES.iter().flat_map(|it| [it.0, it.1])) {
            assert!(unicode(name).is_some(), "{name}");
        }
        for name in [
            "Foo",
            "greek",
            "Grek",
            "",
            "lu",
            "letter",
            "gc=Lu",
            "Script=Lu",
        ] {
            assert!(unicode(name).is_none(), "{name}");
        }
    }
}
