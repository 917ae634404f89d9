//! Dates in queries: in the format of the field or of the clause, with date
//! math (`now-1d/d`, `2020-01-01||+1M/d`) and for a time zone.
//!
//! An upper bound means the end of what was written: `2020-01-01` is the whole
//! day, `now/M` the whole month.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, ToSpan, Zoned};

use crate::mapping::DateFormat;

type Result<T> = std::result::Result<T, String>;

/// How to read a date.
pub(super) struct Reading<'f> {
    pub(super) format: &'f DateFormat,
    pub(super) zone: &'f TimeZone,
    pub(super) now_ms: i64,
}

impl Reading<'_> {
    /// Milliseconds since 1970; the last one of what is meant when `round_up`.
    pub(super) fn read(&self, text: &str, round_up: bool) -> Result<i64> {
        if let Some(math) = text.strip_prefix("now") {
            return self.math(self.now_ms, math, round_up);
        }
        match text.split_once("||") {
            None => self.date(text, round_up),
            // The math rounds, not the date before it.
            Some((date, math)) => self.math(self.date(date, false)?, math, round_up),
        }
    }

    fn date(&self, text: &str, round_up: bool) -> Result<i64> {
        let read = self.format.read_bound(text, round_up);
        let read = read.ok_or_else(|| format!("`{text}` is no date of the expected format"))?;
        if read.has_zone {
            return Ok(read.millis);
        }
        let wall = Timestamp::from_millisecond(read.millis).map_err(beyond)?;
        let wall = Offset::UTC.to_datetime(wall);
        let zoned = self.zone.to_ambiguous_zoned(wall).compatible();
        Ok(zoned.map_err(beyond)?.timestamp().as_millisecond())
    }

    fn math(&self, from_ms: i64, math: &str, round_up: bool) -> Result<i64> {
        let start = Timestamp::from_millisecond(from_ms).map_err(beyond)?;
        let mut moment = start.to_zoned(self.zone.clone());
        let mut rest = math;
        while let Some(operator) = rest.chars().next() {
            rest = &rest[operator.len_utf8()..];
            let length = rest.len()
                - rest
                    .trim_start_matches(|it: char| it.is_ascii_digit())
                    .len();
            let (digits, after) = rest.split_at(length);
            let unit = after.chars().next();
            let unit = unit.and_then(Unit::parse).ok_or_else(|| {
                format!("`{math}` is no date math: expected steps like `+1d`, `-2h` or `/M`")
            })?;
            rest = &after[1..];
            let count = match digits {
                "" => 1,
                digits => digits.parse::<i64>().map_err(beyond)?,
            };
            moment = match operator {
                '+' => moment.checked_add(unit.span(count)?).map_err(beyond)?,
                '-' => moment.checked_add(unit.span(-count)?).map_err(beyond)?,
                '/' if digits.is_empty() => unit.round(&moment, round_up)?,
                _ => {
                    return Err(format!(
                        "`{math}` is no date math: expected `+`, `-` or `/`, found `{operator}`"
                    ));
                }
            };
        }
        Ok(moment.timestamp().as_millisecond())
    }
}

fn beyond(error: impl std::fmt::Display) -> String {
    format!("the date is out of bounds: {error}")
}

/// An offset like `+01:00`, or the name of a region.
pub(super) fn time_zone(name: &str) -> Result<TimeZone> {
    let unknown =
        || format!("`{name}` is no time zone: expected one like `+01:00` or `Europe/Paris`");
    let sign = match name.as_bytes() {
        b"Z" => return Ok(TimeZone::UTC),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return TimeZone::get(name).map_err(|_| unknown()),
    };
    let digits: String = name[1..].chars().filter(|it| *it != ':').collect();
    let is_digits = digits.bytes().all(|it| it.is_ascii_digit());
    let seconds = match (is_digits, digits.len()) {
        (true, 1 | 2) => digits.parse::<i32>().map_err(|_| unknown())? * 3600,
        (true, 4) => {
            let part = |it: &str| it.parse::<i32>().map_err(|_| unknown());
            part(&digits[..2])? * 3600 + part(&digits[2..])? * 60
        }
        _ => return Err(unknown()),
    };
    let offset = Offset::from_seconds(sign * seconds).map_err(|_| unknown())?;
    Ok(offset.to_time_zone())
}

#[derive(Clone, Copy)]
enum Unit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

impl Unit {
    fn parse(letter: char) -> Option<Self> {
        Some(match letter {
            'y' => Self::Year,
            'M' => Self::Month,
            'w' => Self::Week,
            'd' => Self::Day,
            'h' | 'H' => Self::Hour,
            'm' => Self::Minute,
            's' => Self::Second,
            _ => return None,
        })
    }

    fn span(self, count: i64) -> Result<Span> {
        let none = Span::new();
        let span = match self {
            Self::Year => none.try_years(count),
            Self::Month => none.try_months(count),
            Self::Week => none.try_weeks(count),
            Self::Day => none.try_days(count),
            Self::Hour => none.try_hours(count),
            Self::Minute => none.try_minutes(count),
            Self::Second => none.try_seconds(count),
        };
        span.map_err(beyond)
    }

    /// The first or the last millisecond of the unit.
    fn round(self, moment: &Zoned, up: bool) -> Result<Zoned> {
        let start = self.start(moment)?;
        if !up {
            return Ok(start);
        }
        let end = start.checked_add(self.span(1)?).map_err(beyond)?;
        end.checked_sub(1.millisecond()).map_err(beyond)
    }

    fn start(self, moment: &Zoned) -> Result<Zoned> {
        let (date, time) = (moment.date(), moment.time());
        let midnight = Time::midnight();
        let first = |month| Date::new(date.year(), month, 1).map_err(beyond);
        let wall = match self {
            Self::Year => first(1)?.to_datetime(midnight),
            Self::Month => first(date.month())?.to_datetime(midnight),
            Self::Week => {
                let days = i64::from(date.weekday().to_monday_zero_offset());
                let monday = date.checked_sub(days.days()).map_err(beyond)?;
                monday.to_datetime(midnight)
            }
            Self::Day => date.to_datetime(midnight),
            Self::Hour => at(date, time.hour(), 0, 0),
            Self::Minute => at(date, time.hour(), time.minute(), 0),
            Self::Second => at(date, time.hour(), time.minute(), time.second()),
        };
        let zone = moment.time_zone();
        zone.to_ambiguous_zoned(wall).compatible().map_err(beyond)
    }
}

fn at(date: Date, hour: i8, minute: i8, second: i8) -> DateTime {
    date.at(hour, minute, second, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-02-29T12:30:15.250Z, a Thursday.
    const NOW: i64 = 1_709_209_815_250;

    fn read(text: &str, zone: &str, round_up: bool) -> String {
        let reading = Reading {
            format: &DateFormat::usual(),
            zone: &time_zone(zone).unwrap(),
            now_ms: NOW,
        };
        match reading.read(text, round_up) {
            Ok(millis) => Timestamp::from_millisecond(millis).unwrap().to_string(),
            Err(_) => "none".to_owned(),
        }
    }

    #[test]
    fn dates_are_read_with_their_math() {
        let cases = [
            ("now", "Z", false, "2024-02-29T12:30:15.25Z"),
            ("now-1d", "Z", false, "2024-02-28T12:30:15.25Z"),
            ("now-1d/d", "Z", false, "2024-02-28T00:00:00Z"),
            ("now-1d/d", "Z", true, "2024-02-28T23:59:59.999Z"),
            ("now/w", "Z", false, "2024-02-26T00:00:00Z"),
            ("now/M", "Z", true, "2024-02-29T23:59:59.999Z"),
            ("now/y", "Z", false, "2024-01-01T00:00:00Z"),
            ("now+1y/y", "Z", true, "2025-12-31T23:59:59.999Z"),
            ("now+1h/h", "Z", false, "2024-02-29T13:00:00Z"),
            ("now-15m/m", "Z", false, "2024-02-29T12:15:00Z"),
            ("now-15s/s", "Z", true, "2024-02-29T12:30:00.999Z"),
            ("now-1M-1d", "Z", false, "2024-01-28T12:30:15.25Z"),
            ("now/d", "+14:00", false, "2024-02-29T10:00:00Z"),
            ("now/d", "Europe/Paris", true, "2024-02-29T22:59:59.999Z"),
            ("2024-01-31||+1M/d", "Z", false, "2024-02-29T00:00:00Z"),
            ("2024-01-01", "Z", false, "2024-01-01T00:00:00Z"),
            ("2024-01-01", "Z", true, "2024-01-01T23:59:59.999Z"),
            ("2024-01", "Z", true, "2024-01-01T23:59:59.999Z"),
            ("2024-01-01T10:30", "Z", true, "2024-01-01T10:30:59.999Z"),
            (
                "2024-01-01T10:30:15.5Z",
                "Z",
                true,
                "2024-01-01T10:30:15.5Z",
            ),
            ("2024-07-01", "Europe/Paris", false, "2024-06-30T22:00:00Z"),
            ("2024-07-01", "+02", false, "2024-06-30T22:00:00Z"),
            (
                "2024-07-01T00:00:00Z",
                "+02:00",
                false,
                "2024-07-01T00:00:00Z",
            ),
            ("1709209815250", "+02:00", true, "2024-02-29T12:30:15.25Z"),
            ("soon", "Z", false, "none"),
            ("now*1d", "Z", false, "none"),
            ("now+d", "Z", false, "2024-03-01T12:30:15.25Z"),
            ("now+1", "Z", false, "none"),
            ("now+1q", "Z", false, "none"),
            ("now/2d", "Z", false, "none"),
            ("now+99999999999999999999d", "Z", false, "none"),
            ("now+999999y", "Z", false, "none"),
            ("now-é", "Z", false, "none"),
        ];
        for (text, zone, round_up, expected) in cases {
            assert_eq!(read(text, zone, round_up), expected, "{text} in {zone}");
        }
        for zone in ["", "+1x", "+99:00", "Mars/Olympus", "+01:0"] {
            assert!(time_zone(zone).is_err(), "{zone}");
        }
    }
}
