//! Dates: texts and numbers under a format, to milliseconds since 1970.
//!
//! A format is a list of alternatives, tried in order. The named formats of
//! Elasticsearch are patterns; a pattern is a row of steps with optional
//! sections, and the steps say how many digits they take. A format that uses
//! letters unknown here accepts any text: the writer is not refused for what
//! this store cannot read.

use std::sync::{Arc, LazyLock};

use serde_json::Value;

/// How to read the dates of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct DateFormat(Vec<Alternative>);

#[derive(Clone, Debug, PartialEq)]
enum Alternative {
    EpochMillis,
    EpochSecond,
    Pattern(Vec<Step>),
    Unknown,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// Digits: the fewest, the most.
    Digits(Part, usize, usize),
    /// Any number of digits after the decimal point.
    Fraction,
    Zone,
    Literal(char),
    Optional(Vec<Step>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    /// Of the year.
    Ordinal,
    /// The year that a week belongs to.
    WeekYear,
    Week,
    /// Monday is 1.
    WeekDay,
    Hour,
    Minute,
    Second,
}

const DATE_OPTIONAL_TIME: &str = "yyyy[-MM[-dd['T'[HH[:mm[:ss[.S][,S]]]]][Z]]]";

/// What a date reads as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateValue {
    Millis(i64),
    /// Accepted, under a format that is not known here.
    Unread,
}

impl DateFormat {
    /// The format of dates that have no other, shared by all of them.
    pub(crate) fn usual() -> Arc<Self> {
        static USUAL: LazyLock<Arc<DateFormat>> = LazyLock::new(|| {
            Arc::new(DateFormat::parse("strict_date_optional_time||epoch_millis"))
        });
        USUAL.clone()
    }

    /// One of the named formats of Elasticsearch; `None` for other names.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let is_epoch = name == "epoch_millis" || name == "epoch_second";
        (is_epoch || pattern_of(name).is_some()).then(|| Self::parse(name))
    }

    /// Milliseconds since 1970, if the value is a date in this format.
    #[must_use]
    pub fn millis(&self, value: &Value) -> Option<i64> {
        match self.read(value)? {
            DateValue::Millis(millis) => Some(millis),
            DateValue::Unread => None,
        }
    }

    pub(crate) fn parse(format: &str) -> Self {
        Self(format.split("||").map(Alternative::parse).collect())
    }

    pub(crate) fn read(&self, value: &Value) -> Option<DateValue> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        self.0.iter().find_map(|it| it.read(&text))
    }

    /// A date as a bound: of a date without a time the first or the last moment
    /// of the day. `None` also when the format is not known here.
    pub(crate) fn read_bound(&self, text: &str, last: bool) -> Option<BoundDate> {
        self.0.iter().find_map(|it| it.read_bound(text, last))
    }
}

/// A date that a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BoundDate {
    /// As if its zone was UTC, unless it has one.
    pub(crate) millis: i64,
    pub(crate) has_zone: bool,
}

impl Alternative {
    fn parse(format: &str) -> Self {
        let name = format.trim();
        match name {
            "epoch_millis" => return Self::EpochMillis,
            "epoch_second" => return Self::EpochSecond,
            _ => (),
        }
        let pattern = pattern_of(name).unwrap_or(name);
        let mut letters: Vec<char> = pattern.chars().rev().collect();
        match steps(&mut letters, 0) {
            Some(steps) if letters.is_empty() => Self::Pattern(steps),
            _ => Self::Unknown,
        }
    }

    fn read_bound(&self, text: &str, last: bool) -> Option<BoundDate> {
        let Self::Pattern(steps) = self else {
            return match self.read(text)? {
                DateValue::Unread => None,
                DateValue::Millis(millis) => Some(BoundDate {
                    millis,
                    has_zone: true,
                }),
            };
        };
        let mut moment = match last {
            true => Moment::last(),
            false => Moment::default(),
        };
        let rest = moment.read(steps, text)?;
        Some(BoundDate {
            millis: rest.is_empty().then(|| moment.millis())??,
            has_zone: moment.has_zone,
        })
    }

    fn read(&self, text: &str) -> Option<DateValue> {
        let millis = match self {
            Self::Unknown => return Some(DateValue::Unread),
            Self::EpochMillis => epoch(text, 1.0)?,
            Self::EpochSecond => epoch(text, 1000.0)?,
            Self::Pattern(steps) => {
                let mut moment = Moment::default();
                let rest = moment.read(steps, text)?;
                rest.is_empty().then(|| moment.millis())??
            }
        };
        Some(DateValue::Millis(millis))
    }
}

/// The pattern of a named format.
fn pattern_of(name: &str) -> Option<&'static str> {
    let name = name.strip_prefix("strict_").unwrap_or(name);
    let found = NAMED.iter().find(|it| it.0 == name);
    found.map(|it| it.1)
}

/// The named formats of Elasticsearch, strict or not; those of `epoch` aside.
const NAMED: &[(&str, &str)] = &[
    ("basic_date", "yyyyMMdd"),
    ("basic_date_time", "yyyyMMdd'T'HHmmss.SZ"),
    ("basic_date_time_no_millis", "yyyyMMdd'T'HHmmssZ"),
    ("basic_ordinal_date", "yyyyDDD"),
    ("basic_ordinal_date_time", "yyyyDDD'T'HHmmss.SZ"),
    ("basic_ordinal_date_time_no_millis", "yyyyDDD'T'HHmmssZ"),
    ("basic_t_time", "'T'HHmmss.SZ"),
    ("basic_t_time_no_millis", "'T'HHmmssZ"),
    ("basic_time", "HHmmss.SZ"),
    ("basic_time_no_millis", "HHmmssZ"),
    ("basic_week_date", "xxxx'W'wwe"),
    ("basic_week_date_time", "xxxx'W'wwe'T'HHmmss.SZ"),
    ("basic_week_date_time_no_millis", "xxxx'W'wwe'T'HHmmssZ"),
    ("date", "yyyy-MM-dd"),
    ("date_hour", "yyyy-MM-dd'T'HH"),
    ("date_hour_minute", "yyyy-MM-dd'T'HH:mm"),
    ("date_hour_minute_second", "yyyy-MM-dd'T'HH:mm:ss"),
    (
        "date_hour_minute_second_fraction",
        "yyyy-MM-dd'T'HH:mm:ss.S",
    ),
    ("date_hour_minute_second_millis", "yyyy-MM-dd'T'HH:mm:ss.S"),
    ("date_optional_time", DATE_OPTIONAL_TIME),
    ("date_optional_time_nanos", DATE_OPTIONAL_TIME),
    ("date_time", "yyyy-MM-dd'T'HH:mm:ss.SZ"),
    ("date_time_no_millis", "yyyy-MM-dd'T'HH:mm:ssZ"),
    ("hour", "HH"),
    ("hour_minute", "HH:mm"),
    ("hour_minute_second", "HH:mm:ss"),
    ("hour_minute_second_fraction", "HH:mm:ss.S"),
    ("hour_minute_second_millis", "HH:mm:ss.S"),
    ("ordinal_date", "yyyy-DDD"),
    ("ordinal_date_time", "yyyy-DDD'T'HH:mm:ss.SZ"),
    ("ordinal_date_time_no_millis", "yyyy-DDD'T'HH:mm:ssZ"),
    ("t_time", "'T'HH:mm:ss.SZ"),
    ("t_time_no_millis", "'T'HH:mm:ssZ"),
    ("time", "HH:mm:ss.SZ"),
    ("time_no_millis", "HH:mm:ssZ"),
    ("week_date", "xxxx-'W'ww-e"),
    ("week_date_time", "xxxx-'W'ww-e'T'HH:mm:ss.SZ"),
    ("week_date_time_no_millis", "xxxx-'W'ww-e'T'HH:mm:ssZ"),
    ("weekyear", "xxxx"),
    ("weekyear_week", "xxxx-'W'ww"),
    ("weekyear_week_day", "xxxx-'W'ww-e"),
    ("year", "yyyy"),
    ("year_month", "yyyy-MM"),
    ("year_month_day", "yyyy-MM-dd"),
];

/// Reads steps from the letters (the next one last) up to the end or a `]`.
fn steps(letters: &mut Vec<char>, depth: usize) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    while let Some(letter) = letters.pop() {
        let mut count = 1;
        while letter.is_ascii_alphabetic() && letters.last() == Some(&letter) {
            letters.pop();
            count += 1;
        }
        steps.push(match letter {
            'y' | 'u' if count == 2 => return None,
            'y' | 'u' => Step::Digits(Part::Year, 4, 4),
            'M' if count > 2 => return None,
            'M' => Step::Digits(Part::Month, count, 2),
            'd' => Step::Digits(Part::Day, count, 2),
            'H' => Step::Digits(Part::Hour, count, 2),
            'm' => Step::Digits(Part::Minute, count, 2),
            's' => Step::Digits(Part::Second, count, 2),
            'S' => Step::Fraction,
            'D' => Step::Digits(Part::Ordinal, count, 3),
            'x' if count == 4 => Step::Digits(Part::WeekYear, 4, 4),
            'w' => Step::Digits(Part::Week, count, 2),
            'e' => Step::Digits(Part::WeekDay, 1, 1),
            'Z' | 'X' | 'x' => Step::Zone,
            '[' if depth < 16 => {
                let section = steps_of_section(letters, depth)?;
                Step::Optional(section)
            }
            ']' if depth > 0 => {
                letters.push(']');
                return Some(steps);
            }
            '\'' => {
                let mut quoted = Vec::new();
                loop {
                    match letters.pop()? {
                        '\'' => break,
                        letter => quoted.push(Step::Literal(letter)),
                    }
                }
                steps.extend(quoted);
                continue;
            }
            letter if letter.is_ascii_alphabetic() || letter == '[' || letter == ']' => {
                return None;
            }
            letter => Step::Literal(letter),
        });
    }
    Some(steps)
}

fn steps_of_section(letters: &mut Vec<char>, depth: usize) -> Option<Vec<Step>> {
    let section = steps(letters, depth + 1)?;
    (letters.pop()? == ']').then_some(section)
}

fn epoch(text: &str, scale: f64) -> Option<i64> {
    let is_number = |it: &str| {
        it.bytes()
            .all(|it| it.is_ascii_digit() || b"-.".contains(&it))
    };
    match text.parse::<i64>() {
        Ok(number) => number.checked_mul(scale as i64),
        Err(_) if is_number(text) => {
            let millis = text.parse::<f64>().ok()? * scale;
            (millis.abs() < 9e18).then_some(millis as i64)
        }
        Err(_) => None,
    }
}

/// A date while it is read.
#[derive(Clone, Debug)]
struct Moment {
    year: i64,
    month: i64,
    day: i64,
    ordinal: Option<i64>,
    week_year: Option<i64>,
    week: i64,
    week_day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    millis: i64,
    zone_minutes: i64,
    has_zone: bool,
}

impl Default for Moment {
    fn default() -> Self {
        Self {
            year: 1970,
            month: 1,
            day: 1,
            ordinal: None,
            week_year: None,
            week: 1,
            week_day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            millis: 0,
            zone_minutes: 0,
            has_zone: false,
        }
    }
}

impl Moment {
    /// The last moment of whatever day is read into it.
    fn last() -> Self {
        Self {
            hour: 23,
            minute: 59,
            second: 59,
            millis: 999,
            ..Self::default()
        }
    }

    /// Reads the steps from the text; what is left of it.
    fn read<'t>(&mut self, steps: &[Step], mut text: &'t str) -> Option<&'t str> {
        for step in steps {
            text = match step {
                Step::Digits(part, least, most) => {
                    let digits = digits(text, *most);
                    let number = (digits.len() >= *least).then(|| digits.parse().ok())??;
                    *self.part(*part) = number;
                    &text[digits.len()..]
                }
                Step::Fraction => {
                    let digits = digits(text, 9);
                    self.millis = format!("{digits:0<3}").get(..3)?.parse().ok()?;
                    (!digits.is_empty()).then(|| &text[digits.len()..])?
                }
                Step::Zone => self.zone(text)?,
                Step::Literal(letter) => text.strip_prefix(*letter)?,
                Step::Optional(section) => {
                    let mut attempt = self.clone();
                    match attempt.read(section, text) {
                        Some(rest) => {
                            *self = attempt;
                            rest
                        }
                        None => text,
                    }
                }
            };
        }
        Some(text)
    }

    fn part(&mut self, part: Part) -> &mut i64 {
        match part {
            Part::Year => &mut self.year,
            Part::Month => &mut self.month,
            Part::Day => &mut self.day,
            Part::Ordinal => self.ordinal.insert(1),
            Part::WeekYear => self.week_year.insert(1970),
            Part::Week => &mut self.week,
            Part::WeekDay => &mut self.week_day,
            Part::Hour => &mut self.hour,
            Part::Minute => &mut self.minute,
            Part::Second => &mut self.second,
        }
    }

    /// `Z`, `+02`, `+0200`, `+02:00`.
    fn zone<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        if let Some(rest) = text.strip_prefix('Z') {
            self.has_zone = true;
            return Some(rest);
        }
        let sign = match text.as_bytes().first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = digits(&text[1..], 2);
        let rest = text[1..].strip_prefix(hours)?;
        let minutes = digits(rest.strip_prefix(':').unwrap_or(rest), 2);
        let (hour, minute) = (hours.parse::<i64>().ok()?, minutes.parse().unwrap_or(0));
        if hours.len() != 2 || minutes.len() == 1 || hour > 18 || minute > 59 {
            return None;
        }
        self.has_zone = true;
        self.zone_minutes = sign * (hour * 60 + minute);
        let rest = rest.strip_prefix(':').unwrap_or(rest);
        rest.strip_prefix(minutes)
    }

    fn millis(&self) -> Option<i64> {
        let is_time = self.hour < 24 && self.minute < 60 && self.second < 60;
        let days = self.days().filter(|_| is_time)?;
        let minutes = (days * 24 + self.hour) * 60 + self.minute - self.zone_minutes;
        Some((minutes * 60 + self.second) * 1000 + self.millis)
    }
}

impl Moment {
    /// Since 1970, by whichever calendar the format has.
    fn days(&self) -> Option<i64> {
        let january_1 = |year| days_since_1970(year, 1, 1);
        if let Some(day) = self.ordinal {
            let length = january_1(self.year + 1) - january_1(self.year);
            return (1..=length)
                .contains(&day)
                .then(|| january_1(self.year) + day - 1);
        }
        if let Some(year) = self.week_year {
            // The first week is the one of January 4th.
            let monday = |year| {
                let january_4 = january_1(year) + 3;
                january_4 - (january_4 + 3).rem_euclid(7)
            };
            let weeks = (monday(year + 1) - monday(year)) / 7;
            let fits = (1..=weeks).contains(&self.week) && (1..=7).contains(&self.week_day);
            return fits.then(|| monday(year) + (self.week - 1) * 7 + self.week_day - 1);
        }
        let days = days_in_month(self.year, self.month)?;
        let fits = (1..=days).contains(&self.day);
        fits.then(|| days_since_1970(self.year, self.month, self.day))
    }
}

fn digits(text: &str, most: usize) -> &str {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit);
    &text[..count.count()]
}

fn days_in_month(year: i64, month: i64) -> Option<i64> {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => Some(29),
        2 => Some(28),
        _ => None,
    }
}

/// Of the Gregorian calendar, for years from 0 on. Years begin in March here,
/// so that the day of a leap year comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_are_read() {
        let iso = "strict_date_optional_time||epoch_millis";
        let cases = [
            (iso, json!("1970-01-01"), Some(0)),
            (iso, json!("1970"), Some(0)),
            (iso, json!("1970-02"), Some(2_678_400_000)),
            (
                iso,
                json!("2024-02-29T12:30:15.250Z"),
                Some(1_709_209_815_250),
            ),
            (
                iso,
                json!("2024-02-29T12:30:15,25Z"),
                Some(1_709_209_815_250),
            ),
            (
                iso,
                json!("2024-02-29T12:30:15.250123456Z"),
                Some(1_709_209_815_250),
            ),
            (
                iso,
                json!("2024-02-29T14:30:15+02:00"),
                Some(1_709_209_815_000),
            ),
            (
                iso,
                json!("2024-02-29T14:30:15+0200"),
                Some(1_709_209_815_000),
            ),
            (
                iso,
                json!("2024-02-29T10:30:15-02"),
                Some(1_709_209_815_000),
            ),
            (iso, json!("2024-02-29T12:30"), Some(1_709_209_800_000)),
            (iso, json!("2024-02-29T12"), Some(1_709_208_000_000)),
            (iso, json!("1969-12-31T23:59:59Z"), Some(-1000)),
            (iso, json!("1900-03-01"), Some(-2_203_891_200_000)),
            (iso, json!(1_709_209_815_250_u64), Some(1_709_209_815_250)),
            (iso, json!("1709209815250"), Some(1_709_209_815_250)),
            (iso, json!(-5), Some(-5)),
            (iso, json!(1.5), Some(1)),
            (iso, json!("2023-02-29"), None),
            (iso, json!("2024-13-01"), None),
            (iso, json!("2024-1-1"), None),
            (iso, json!("2024-02-29T25:00"), None),
            (iso, json!("2024-02-29 12:30"), None),
            (iso, json!("2024-02-29T12:30:15+2"), None),
            (iso, json!("tomorrow"), None),
            (iso, json!(""), None),
            (iso, json!(true), None),
            (
                "epoch_second",
                json!(1_709_209_815),
                Some(1_709_209_815_000),
            ),
            ("epoch_second", json!("2024-02-29"), None),
            (
                "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd",
                json!("2024/02/29"),
                Some(1_709_164_800_000),
            ),
            (
                "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd",
                json!("2024/02/29 12:30:15"),
                Some(1_709_209_815_000),
            ),
            ("yyyy/MM/dd", json!("2024-02-29"), None),
            ("basic_date", json!("20240229"), Some(1_709_164_800_000)),
            ("d.M.yyyy", json!("9.2.2024"), Some(1_707_436_800_000)),
            ("week_date", json!("2024-W09-4"), Some(1_709_164_800_000)),
            (
                "basic_week_date",
                json!("2024W094"),
                Some(1_709_164_800_000),
            ),
            ("week_date", json!("2024-W53-1"), None),
            ("weekyear_week", json!("2020-W53"), Some(1_609_113_600_000)),
            ("weekyear", json!("1970"), Some(-259_200_000)),
            ("ordinal_date", json!("2024-060"), Some(1_709_164_800_000)),
            ("ordinal_date", json!("2023-366"), None),
            (
                "basic_ordinal_date",
                json!("2024060"),
                Some(1_709_164_800_000),
            ),
            ("strict_hour_minute", json!("01:30"), Some(5_400_000)),
            ("t_time_no_millis", json!("T01:30:00Z"), Some(5_400_000)),
        ];
        for (format, value, expected) in cases {
            let read = DateFormat::parse(format).read(&value);
            let expected = expected.map(DateValue::Millis);
            assert_eq!(read, expected, "{value} as {format}");
        }
    }

    #[test]
    fn a_format_that_is_not_known_refuses_nothing() {
        for format in ["EEE, dd MMM yyyy", "[yyyy", "'yyyy"] {
            let read = DateFormat::parse(format).read(&json!("Thu, 29 Feb 2024"));
            assert_eq!(read, Some(DateValue::Unread), "{format}");
        }
    }
}
