//! Values as texts: dates under Java's patterns, numbers under its decimal
//! formats; and numbers as JSON, the way JavaScript prints them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde_json::{Number, Value};

use crate::error::StoreError;

type Result<T> = std::result::Result<T, StoreError>;

/// How the values of a field are written.
#[derive(Clone, Debug)]
pub(crate) enum ValueFormat {
    /// Only as JSON.
    Plain,
    Boolean,
    Decimal(Decimal),
    Date(DatePattern),
}

/// A pattern of dates, in a time zone.
#[derive(Clone, Debug)]
pub(crate) struct DatePattern {
    style: DateStyle,
    zone: TimeZone,
}

#[derive(Clone, Debug)]
enum DateStyle {
    Millis,
    Seconds,
    Pattern(String),
}

/// `#,##0.00`, `000`, `$0.0`…
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decimal {
    prefix: String,
    suffix: String,
    digits_min: usize,
    fraction_min: usize,
    fraction_max: usize,
    is_grouped: bool,
    is_percent: bool,
}

impl ValueFormat {
    /// Dates; without format, as ISO 8601 with milliseconds.
    pub(crate) fn date(format: Option<&str>, zone: Option<&str>) -> Result<Self> {
        let first = format.unwrap_or("strict_date_optional_time");
        let first = first.split("||").next().unwrap_or_default().trim();
        let name = first.strip_prefix("strict_").unwrap_or(first);
        let style = match name {
            "epoch_millis" => DateStyle::Millis,
            "epoch_second" => DateStyle::Seconds,
            name => DateStyle::Pattern(checked(named(name), first)?),
        };
        let zone = zone.map_or(Ok(TimeZone::UTC), time_zone)?;
        Ok(Self::Date(DatePattern { style, zone }))
    }

    pub(crate) fn decimal(format: &str) -> Result<Self> {
        Decimal::parse(format).map(Self::Decimal).ok_or_else(|| {
            StoreError::invalid_query(format!(
                "[{format}] is no format of numbers: it is written like 0.00 or #,##0.#"
            ))
        })
    }

    /// The text of a number; `None` when it is shown as JSON only.
    pub(crate) fn text(&self, number: f64) -> Option<String> {
        match self {
            Self::Plain => None,
            Self::Boolean => Some(if number == 0.0 { "false" } else { "true" }.into()),
            Self::Decimal(format) => Some(format.text(number)),
            Self::Date(format) => Some(format.text(number)),
        }
    }
}

/// A zone by its offset (`+01:00`), or by its name.
pub(crate) fn time_zone(name: &str) -> Result<TimeZone> {
    let wrong = || {
        StoreError::invalid_query(format!(
            "[{name}] is no time zone: it is written like +01:00 or Europe/Paris"
        ))
    };
    if matches!(name, "Z" | "UTC" | "GMT" | "z") {
        return Ok(TimeZone::UTC);
    }
    let offset = name
        .strip_prefix("UTC")
        .or(name.strip_prefix("GMT"))
        .unwrap_or(name);
    if let Some(digits) = offset.strip_prefix(['+', '-']) {
        let (hours, minutes) = match digits.split_once(':') {
            Some(parts) => parts,
            None if digits.len() == 4 => digits.split_at(2),
            None => (digits, "0"),
        };
        let hours: i32 = hours.parse().map_err(|_| wrong())?;
        let minutes: i32 = minutes.parse().map_err(|_| wrong())?;
        if !(0..=18).contains(&hours) || !(0..60).contains(&minutes) {
            return Err(wrong());
        }
        let seconds = (hours * 60 + minutes) * 60;
        let sign = if offset.starts_with('-') { -1 } else { 1 };
        let offset = jiff::tz::Offset::from_seconds(sign * seconds).map_err(|_| wrong())?;
        return Ok(TimeZone::fixed(offset));
    }
    TimeZone::get(name).map_err(|_| wrong())
}

fn named(name: &str) -> &str {
    match name {
        "date_optional_time" | "date_optional_time_nanos" | "date_time" => {
            "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"
        }
        "date_time_no_millis" => "yyyy-MM-dd'T'HH:mm:ssXXX",
        "date" | "year_month_day" => "yyyy-MM-dd",
        "date_hour_minute_second" => "yyyy-MM-dd'T'HH:mm:ss",
        "date_hour_minute_second_millis" | "date_hour_minute_second_fraction" => {
            "yyyy-MM-dd'T'HH:mm:ss.SSS"
        }
        "date_hour_minute" => "yyyy-MM-dd'T'HH:mm",
        "date_hour" => "yyyy-MM-dd'T'HH",
        "basic_date" => "yyyyMMdd",
        "basic_date_time" => "yyyyMMdd'T'HHmmss.SSSXX",
        "basic_date_time_no_millis" => "yyyyMMdd'T'HHmmssXX",
        "hour_minute_second" | "time_no_millis" => "HH:mm:ss",
        "hour_minute" => "HH:mm",
        "hour" => "HH",
        "time" => "HH:mm:ss.SSSXXX",
        "year_month" => "yyyy-MM",
        "year" => "yyyy",
        "week_date" | "weekyear_week_day" => "YYYY-'W'ww-e",
        "weekyear_week" => "YYYY-'W'ww",
        "weekyear" => "YYYY",
        "ordinal_date" => "yyyy-DDD",
        pattern => pattern,
    }
}

fn checked(pattern: &str, name: &str) -> Result<String> {
    let mut is_quoted = false;
    for letter in pattern.chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            letter if is_quoted || !letter.is_ascii_alphabetic() => (),
            letter if "yuYMLdDHhKkmsSaEeZXxVwQqAn".contains(letter) => (),
            letter => {
                return Err(StoreError::invalid_query(format!(
                    "the date format [{name}] has the letter [{letter}], which stands for nothing"
                )));
            }
        }
    }
    match is_quoted {
        true => Err(StoreError::invalid_query(format!(
            "the date format [{name}] has an open quote"
        ))),
        false => Ok(pattern.to_owned()),
    }
}

impl DatePattern {
    fn text(&self, millis: f64) -> String {
        let millis = millis as i64;
        let pattern = match &self.style {
            DateStyle::Millis => return millis.to_string(),
            DateStyle::Seconds => return millis.div_euclid(1000).to_string(),
            DateStyle::Pattern(pattern) => pattern,
        };
        match Timestamp::from_millisecond(millis) {
            Ok(moment) => render(pattern, &moment.to_zoned(self.zone.clone())),
            // Years that the calendar does not have.
            Err(_) => millis.to_string(),
        }
    }
}

fn render(pattern: &str, moment: &Zoned) -> String {
    let mut text = String::new();
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\'' {
            if letters.next_if_eq(&'\'').is_some() {
                text.push('\'');
                continue;
            }
            text.extend(letters.by_ref().take_while(|it| *it != '\''));
            continue;
        }
        if !letter.is_ascii_alphabetic() {
            // Optional sections are always written.
            if letter != '[' && letter != ']' {
                text.push(letter);
            }
            continue;
        }
        let mut count = 1;
        while letters.next_if_eq(&letter).is_some() {
            count += 1;
        }
        part(letter, count, moment, &mut text);
    }
    text
}

fn part(letter: char, count: usize, moment: &Zoned, text: &mut String) {
    let mut number = |number: i64| text.push_str(&format!("{number:0count$}"));
    match letter {
        'y' | 'u' if count == 2 => number(i64::from(moment.year()).rem_euclid(100)),
        'y' | 'u' => number(moment.year().into()),
        'Y' => number(moment.date().iso_week_date().year().into()),
        'w' => number(moment.date().iso_week_date().week().into()),
        'M' | 'L' if count > 2 => {
            let name = moment.strftime("%B").to_string();
            text.push_str(if count == 3 { &name[..3] } else { &name });
        }
        'M' | 'L' => number(moment.month().into()),
        'd' => number(moment.day().into()),
        'D' => number(moment.day_of_year().into()),
        'H' => number(moment.hour().into()),
        'k' => number(
            if moment.hour() == 0 {
                24
            } else {
                moment.hour()
            }
            .into(),
        ),
        'h' => number(i64::from((moment.hour() + 11) % 12 + 1)),
        'K' => number(i64::from(moment.hour() % 12)),
        'm' => number(moment.minute().into()),
        's' => number(moment.second().into()),
        'S' => {
            let nanoseconds = format!("{:09}", moment.subsec_nanosecond());
            text.push_str(nanoseconds.get(..count).unwrap_or(&nanoseconds));
        }
        'A' => number(
            i64::from(moment.hour()) * 3_600_000
                + i64::from(moment.minute()) * 60_000
                + i64::from(moment.second()) * 1000
                + i64::from(moment.millisecond()),
        ),
        'n' => number(moment.subsec_nanosecond().into()),
        'q' | 'Q' => number(i64::from((moment.month() - 1) / 3 + 1)),
        'a' => text.push_str(if moment.hour() < 12 { "AM" } else { "PM" }),
        'e' => number(moment.weekday().to_monday_one_offset().into()),
        'E' => {
            let name = moment.strftime("%A").to_string();
            text.push_str(if count > 3 { &name } else { &name[..3] });
        }
        'V' => text.push_str(moment.time_zone().iana_name().unwrap_or("UTC")),
        _ => zone(letter, count, moment, text),
    }
}

/// `X` writes `Z` for UTC, `x` and `Z` write the offset.
fn zone(letter: char, count: usize, moment: &Zoned, text: &mut String) {
    let seconds = moment.offset().seconds();
    if letter == 'X' && seconds == 0 {
        text.push('Z');
        return;
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() / 60 % 60);
    let has_colon = if letter == 'Z' {
        count == 5
    } else {
        count == 3 || count == 5
    };
    let colon = if has_colon { ":" } else { "" };
    text.push_str(&match (letter, count) {
        ('X' | 'x', 1) if minutes == 0 => format!("{sign}{hours:02}"),
        _ => format!("{sign}{hours:02}{colon}{minutes:02}"),
    });
}

impl Decimal {
    fn parse(format: &str) -> Option<Self> {
        // A second part would be for negative numbers.
        let format = format.split(';').next()?;
        let is_pattern = |it: char| "#0,.".contains(it);
        let start = format.find(is_pattern)?;
        let end = format.rfind(is_pattern)? + 1;
        let pattern = &format[start..end];
        if !pattern.chars().all(is_pattern) || pattern.matches('.').count() > 1 {
            return None;
        }
        let (whole, fraction) = pattern.split_once('.').unwrap_or((pattern, ""));
        let zeros = |it: &str| it.matches('0').count();
        Some(Self {
            prefix: format[..start].replace('\'', ""),
            suffix: format[end..].replace('\'', ""),
            digits_min: zeros(whole),
            fraction_min: zeros(fraction),
            fraction_max: fraction.len(),
            is_grouped: whole.contains(','),
            is_percent: format.contains('%'),
        })
    }

    fn text(&self, number: f64) -> String {
        if !number.is_finite() {
            return number.to_string();
        }
        let number = if self.is_percent {
            number * 100.0
        } else {
            number
        };
        // Halves go to the even neighbour, in Java as here.
        let digits = format!("{:.*}", self.fraction_max, number.abs());
        let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
        let mut fraction = fraction.to_owned();
        while fraction.len() > self.fraction_min && fraction.ends_with('0') {
            fraction.pop();
        }
        let whole = format!("{:0>1$}", whole.trim_start_matches('0'), self.digits_min);
        let whole = if self.is_grouped {
            grouped(&whole)
        } else {
            whole
        };
        let is_zero = !digits.bytes().any(|it| (b'1'..=b'9').contains(&it));
        let sign = if number < 0.0 && !is_zero { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        let Self { prefix, suffix, .. } = self;
        let whole = if whole.is_empty() && fraction.is_empty() {
            "0".into()
        } else {
            whole
        };
        format!("{sign}{prefix}{whole}{point}{fraction}{suffix}")
    }
}

fn grouped(whole: &str) -> String {
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number as JavaScript prints it: without fraction when it has none. What is
/// no number is `null`.
pub(crate) fn json_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9.0e15 {
        return (number as i64).into();
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// A number as Java prints it, for the keys of ranges: `5.0`, `1.0E7`.
pub(crate) fn java_text(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-3..1e7).contains(&size) {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let point = if digits.contains('.') { "" } else { ".0" };
        return format!("{digits}{point}E{exponent}");
    }
    match number.fract() == 0.0 {
        true => format!("{number:.1}"),
        false => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written() {
        // 2024-02-29T12:30:15.250Z, a Thursday of the ninth week.
        let moment = 1_709_209_815_250.0;
        for (format, zone, expected) in [
            (None, None, "2024-02-29T12:30:15.250Z"),
            (None, Some("+01:00"), "2024-02-29T13:30:15.250+01:00"),
            (None, Some("Europe/Paris"), "2024-02-29T13:30:15.250+01:00"),
            (None, Some("-0530"), "2024-02-29T07:00:15.250-05:30"),
            (Some("epoch_millis"), None, "1709209815250"),
            (Some("epoch_second"), None, "1709209815"),
            (Some("yyyy-MM-dd||epoch_millis"), None, "2024-02-29"),
            (Some("dd.MM.yy 'at' h:mm a"), None, "29.02.24 at 12:30 PM"),
            (Some("EEE, d MMM uuuu"), None, "Thu, 29 Feb 2024"),
            (Some("EEEE MMMM"), None, "Thursday February"),
            (
                Some("strict_date_time_no_millis"),
                None,
                "2024-02-29T12:30:15Z",
            ),
            (Some("YYYY-'W'ww-e"), None, "2024-W09-4"),
            (Some("HH:mm:ss.SSS Z"), Some("+02"), "14:30:15.250 +0200"),
        ] {
            let written = ValueFormat::date(format, zone).unwrap().text(moment);
            assert_eq!(written.as_deref(), Some(expected), "{format:?} {zone:?}");
        }
        assert!(ValueFormat::date(Some("yyyy-bb"), None).is_err());
        assert!(ValueFormat::date(Some("'yyyy"), None).is_err());
        for zone in ["+25:00", "Moon/Sea", "", "+"] {
            assert!(time_zone(zone).is_err(), "{zone}");
        }
    }

    #[test]
    fn numbers_are_written() {
        for (format, number, expected) in [
            ("0.00", 3.0, "3.00"),
            ("0.00", -3.146, "-3.15"),
            ("#,##0.##", 1_234_567.5, "1,234,567.5"),
            ("000", 7.0, "007"),
            ("$0.0", 2.25, "$2.2"),
            ("0%", 0.5, "50%"),
            ("0", -0.2, "0"),
            ("#", 0.0, "0"),
        ] {
            let format = ValueFormat::decimal(format).unwrap();
            assert_eq!(format.text(number).as_deref(), Some(expected), "{format:?}");
        }
        assert!(ValueFormat::decimal("abc").is_err());
        for (number, expected) in [
            (5.0, "5.0"),
            (0.25, "0.25"),
            (1e7, "1.0E7"),
            (12_345_678.5, "1.23456785E7"),
            (-0.0001, "-1.0E-4"),
        ] {
            assert_eq!(java_text(number), expected);
        }
        assert_eq!(json_number(2.0).to_string(), "2");
        assert_eq!(json_number(2.5).to_string(), "2.5");
        assert_eq!(json_number(f64::NAN), Value::Null);
    }
}
