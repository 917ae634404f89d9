//! "10 km" → metres.

use crate::error::FilterError;
use crate::limits;

/// Metres of the base units, with their names. The long ones take long prefixes
/// and a plural, the short ones short prefixes.
const UNITS: &[(&str, &[&str], f64)] = &[
    ("m", &["meter", "meters"], 1.0),
    ("ft", &["feet", "feets"], 0.3048),
    ("in", &["inch", "inches"], 0.0254),
    ("yd", &["yard", "yards"], 0.9144),
    ("mi", &["mile", "miles"], 1609.34),
];

/// Prefixes: short, long, factor. Units are read in lower case, so there is no
/// short mega, peta or exa.
const PREFIXES: &[(&str, &str, f64)] = &[
    ("y", "yocto", 1e-24),
    ("z", "zepto", 1e-21),
    ("a", "atto", 1e-18),
    ("f", "femto", 1e-15),
    ("p", "pico", 1e-12),
    ("n", "nano", 1e-9),
    ("mu", "micro", 1e-6),
    ("m", "milli", 1e-3),
    ("c", "centi", 1e-2),
    ("d", "deci", 1e-1),
    ("", "", 1.0),
    ("da", "deka", 1e1),
    ("h", "hecto", 1e2),
    ("k", "kilo", 1e3),
    ("-", "mega", 1e6),
    ("-", "giga", 1e9),
    ("-", "tera", 1e12),
    ("-", "peta", 1e15),
    ("-", "exa", 1e18),
    ("-", "zetta", 1e21),
    ("-", "zeta", 1e21),
    ("-", "yotta", 1e24),
];

/// Reads a distance, in metres: a number and a unit, such as `"10 km"`.
///
/// Units are metres (`m`, `meter`), feet (`ft`, `feet`), inches (`in`, `inch`),
/// yards (`yd`, `yard`) and miles (`mi`, `mile`: 1609.34 metres), in any case,
/// with SI prefixes. A comma may stand for the decimal point, blanks are ignored.
///
/// # Errors
///
/// Distances have no sign and no exponent, and always a unit. `min` and `nmi`
/// are refused: they would be a thousandth of an inch and a billionth of a mile.
///
/// ```
/// use koncorde::convert_distance;
///
/// assert_eq!(convert_distance("10 km")?, 10_000.0);
/// assert_eq!(convert_distance("1 234,5 Feet")?, 376.2756);
/// assert!(convert_distance("12 parsecs").is_err());
/// assert!(convert_distance("1000").is_err());
/// # Ok::<(), koncorde::FilterError>(())
/// ```
pub fn convert_distance(text: &str) -> Result<f64, FilterError> {
    read_distance(text).map_err(|reason| {
        let shown: String = text.chars().take(40).collect();
        FilterError::new(format!(
            "unable to parse distance value \"{shown}\": {reason}"
        ))
    })
}

/// Reads a distance; the error says what is wrong with it.
pub(crate) fn read_distance(text: &str) -> Result<f64, String> {
    let compact = compact(text)?;
    let unit_at = compact
        .find(|it: char| !it.is_ascii_digit() && it != '.')
        .unwrap_or(compact.len());
    let (number, unit) = compact.split_at(unit_at);
    if unit.is_empty() {
        return Err("expected a unit behind the number, such as \"m\" or \"km\"".to_owned());
    }
    let is_number = !number.is_empty() && !number.ends_with('.') && number.matches('.').count() < 2;
    let number: f64 = match number.parse() {
        Ok(number) if is_number => number,
        _ => return Err("expected a number and a unit, such as \"10 km\"".to_owned()),
    };
    if matches!(unit, "min" | "nmi") {
        return Err(format!(
            "the unit \"{unit}\" has two meanings, expected metres or miles"
        ));
    }
    let (prefix, metres) = find_unit(unit).ok_or_else(|| {
        format!("unknown unit \"{unit}\", expected m, ft, in, yd, mi or a name such as kilometers")
    })?;
    let metres = number * prefix * metres;
    if metres.is_finite() {
        Ok(metres)
    } else {
        Err("the number is too great".to_owned())
    }
}

/// The text without blanks, in lower case, with a point for a comma.
fn compact(text: &str) -> Result<String, String> {
    let (found, most) = (text.len(), limits::DISTANCE_BYTES);
    if found > most {
        return Err(format!("expected at most {most} bytes, found {found}"));
    }
    let letters = text.chars().filter(|it| !it.is_whitespace());
    let letters = letters.map(|it| {
        if it == ',' {
            '.'
        } else {
            it.to_ascii_lowercase()
        }
    });
    let text: String = letters.collect();
    Ok(text.strip_prefix('+').unwrap_or(&text).to_owned())
}

/// The factors of a prefix and of a unit.
fn find_unit(name: &str) -> Option<(f64, f64)> {
    UNITS.iter().find_map(|(short, names, metres)| {
        let prefix = PREFIXES.iter().find(|(short_prefix, long_prefix, _)| {
            // "ms" is no plural of metres: it looks like milliseconds.
            let is_plural = |it: &str| name.len() > 2 && it.strip_suffix('s') == Some(short);
            let is_short = |it: &str| it == *short || is_plural(it);
            name.strip_prefix(short_prefix).is_some_and(is_short)
                || name
                    .strip_prefix(long_prefix)
                    .is_some_and(|it| names.contains(&it))
        });
        prefix.map(|it| (it.2, *metres))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_prefixes() {
        for (text, metres) in [
            ("1 m", 1.0),
            ("+5m", 5.0),
            (".5 km", 500.0),
            ("5 k m", 5000.0),
            ("2 kms", 2000.0),
            ("1Mm", 0.001),
            ("1 zettameters", 1e21),
            ("1 zetameters", 1e21),
            ("1 kin", 25.4),
            ("2 mum", 2e-6),
            ("1,5 Miles", 2414.01),
            ("0 m", 0.0),
        ] {
            let found = convert_distance(text).unwrap();
            assert!((found - metres).abs() <= metres * 1e-12, "{text}: {found}");
        }
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        for text in [
            "-5m",
            "1000",
            "km",
            "",
            "5.",
            "5. m",
            "1e3 m",
            "1.2.3m",
            "1,234,567 m",
            "1_000m",
            "x1m",
            "#5km",
            "1 s",
            "1 hour",
            "1 min",
            "1 nmi",
            "1 ms",
            "1 metre",
            "1 foot",
            "1 µm",
            "--m",
            "Infinity m",
            "NaN m",
            "++5m",
            "5+m",
        ] {
            assert!(convert_distance(text).is_err(), "{text}");
        }
        let long = format!("{} m", "9".repeat(400));
        assert!(convert_distance(&long).is_err());
        assert!(convert_distance(&"9".repeat(1_000_000)).is_err());
    }
}
