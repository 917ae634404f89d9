//! Intervals of time: where one begins and where the next one does, in a zone.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::Result;
use crate::error::StoreError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interval {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    /// In milliseconds.
    Fixed(i64),
}

/// How moments are rounded down to the start of their interval.
#[derive(Clone, Debug)]
pub(crate) struct Rounding {
    pub(crate) interval: Interval,
    pub(crate) zone: TimeZone,
    /// Intervals begin so many milliseconds later.
    pub(crate) offset_ms: i64,
}

const DAY_MS: i64 = 86_400_000;

impl Interval {
    /// `month`, `1M`…
    pub(super) fn calendar(text: &str) -> Option<Self> {
        Some(match text {
            "second" | "1s" => Self::Second,
            "minute" | "1m" => Self::Minute,
            "hour" | "1h" => Self::Hour,
            "day" | "1d" => Self::Day,
            "week" | "1w" => Self::Week,
            "month" | "1M" => Self::Month,
            "quarter" | "1q" => Self::Quarter,
            "year" | "1y" => Self::Year,
            _ => return None,
        })
    }

    /// `90m`, `1.5h` is none.
    pub(super) fn fixed(text: &str) -> Option<Self> {
        let millis = duration_ms(text).filter(|it| *it > 0)?;
        Some(Self::Fixed(millis))
    }

    /// The unit of a step that is the same on the clock of every place.
    fn clock_ms(self) -> Option<i64> {
        match self {
            Self::Second => Some(1000),
            Self::Minute => Some(60_000),
            Self::Hour => Some(3_600_000),
            _ => None,
        }
    }
}

/// `500ms`, `30s`, `5m`, `6h`, `2d`, `-1h`; a number alone is none.
pub(crate) fn duration_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, text) = match text.strip_prefix(['+', '-']) {
        Some(rest) if text.starts_with('-') => (-1, rest),
        Some(rest) => (1, rest),
        None => (1, text),
    };
    let unit = text.find(|it: char| !it.is_ascii_digit())?;
    let number: i64 = text[..unit].parse().ok()?;
    let scale = match &text[unit..] {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" | "H" => 3_600_000,
        "d" => DAY_MS,
        "w" => 7 * DAY_MS,
        _ => return None,
    };
    number.checked_mul(scale * sign)
}

impl Rounding {
    /// Steps of equal length; `None`: they depend on the calendar.
    pub(super) fn step_ms(&self) -> Option<i64> {
        if self.zone != TimeZone::UTC {
            return None;
        }
        match self.interval {
            Interval::Fixed(step) => Some(step),
            Interval::Day => Some(DAY_MS),
            other => other.clock_ms(),
        }
    }

    /// The start of the interval that a moment lies in.
    pub(crate) fn start(&self, millis: i64) -> i64 {
        let moment = millis.saturating_sub(self.offset_ms);
        let start = match (self.step_ms(), self.interval) {
            (Some(step), _) => moment.div_euclid(step).saturating_mul(step),
            (None, Interval::Fixed(step)) => {
                let local = self.local_ms(moment);
                self.utc_ms(local.div_euclid(step) * step)
            }
            (None, interval) => match interval.clock_ms() {
                Some(step) => {
                    let shift = self.local_ms(moment) - moment;
                    (moment + shift).div_euclid(step) * step - shift
                }
                None => self.calendar_start(moment, 0),
            },
        };
        start.saturating_add(self.offset_ms)
    }

    /// The start of the interval after the one that starts here.
    pub(crate) fn next(&self, start: i64) -> i64 {
        let moment = start.saturating_sub(self.offset_ms);
        let next = match (self.step_ms(), self.interval) {
            (Some(step), _) => moment.saturating_add(step),
            (None, Interval::Fixed(step)) => {
                let local = self.local_ms(moment).div_euclid(step) * step;
                // Where clocks are put back, local time repeats.
                self.utc_ms(local + step).max(moment + 1)
            }
            (None, interval) => match interval.clock_ms() {
                Some(step) => moment + step,
                None => self.calendar_start(moment, 1),
            },
        };
        next.max(moment.saturating_add(1))
            .saturating_add(self.offset_ms)
    }

    fn local_ms(&self, millis: i64) -> i64 {
        match Timestamp::from_millisecond(millis) {
            Ok(moment) => millis + i64::from(self.zone.to_offset(moment).seconds()) * 1000,
            Err(_) => millis,
        }
    }

    fn utc_ms(&self, local: i64) -> i64 {
        let civil = Timestamp::from_millisecond(local).map(|it| TimeZone::UTC.to_datetime(it));
        civil.map_or(local, |it| self.moment_ms(it, local))
    }

    fn moment_ms(&self, civil: DateTime, otherwise: i64) -> i64 {
        // In a gap the day begins after it.
        match civil.to_zoned(self.zone.clone()) {
            Ok(moment) => moment.timestamp().as_millisecond(),
            Err(_) => otherwise,
        }
    }

    /// The start of the day, week… of a moment, or of one some steps later.
    fn calendar_start(&self, millis: i64, steps: i64) -> i64 {
        let Ok(moment) = Timestamp::from_millisecond(millis) else {
            return millis;
        };
        let date = self.zone.to_datetime(moment).date();
        let first = match self.interval {
            Interval::Week => {
                let back = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_sub(Span::new().days(back))
            }
            Interval::Month => Ok(date.first_of_month()),
            Interval::Quarter => {
                let back = i64::from((date.month() - 1) % 3);
                date.first_of_month().checked_sub(Span::new().months(back))
            }
            Interval::Year => Ok(date.first_of_year()),
            _ => Ok(date),
        };
        let span = match self.interval {
            Interval::Week => Span::new().weeks(steps),
            Interval::Month => Span::new().months(steps),
            Interval::Quarter => Span::new().months(3 * steps),
            Interval::Year => Span::new().years(steps),
            _ => Span::new().days(steps),
        };
        match first.and_then(|it| it.checked_add(span)) {
            Ok(date) => self.moment_ms(date.at(0, 0, 0, 0), millis),
            Err(_) => millis,
        }
    }
}

/// Date math: a date, or `now`, then `||`, then steps such as `+1M` and
/// roundings such as `/d`.
pub(crate) fn date_math(
    text: &str,
    read: impl Fn(&str) -> Option<i64>,
    zone: &TimeZone,
    now_ms: i64,
) -> Result<i64> {
    let wrong = || {
        StoreError::invalid_query(format!(
            "failed to parse date field [{text}]: it takes a date of the field's format, or \
             date math such as now-1d/d"
        ))
    };
    let (mut millis, steps) = match text.strip_prefix("now") {
        Some(steps) => (now_ms, steps),
        None => {
            let (date, steps) = text.split_once("||").unwrap_or((text, ""));
            (read(date).ok_or_else(wrong)?, steps)
        }
    };
    let mut rest = steps;
    while let Some(operator) = rest.chars().next() {
        rest = &rest[operator.len_utf8()..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = match digits {
            0 => 1,
            digits => rest[..digits].parse().map_err(|_| wrong())?,
        };
        let unit = rest[digits..].chars().next().ok_or_else(wrong)?;
        rest = &rest[digits + unit.len_utf8()..];
        millis = match operator {
            '/' if digits == 0 => {
                let rounding = Rounding {
                    interval: unit_interval(unit).ok_or_else(wrong)?,
                    zone: zone.clone(),
                    offset_ms: 0,
                };
                rounding.start(millis)
            }
            '+' => step(millis, unit, count, zone).ok_or_else(wrong)?,
            '-' => step(millis, unit, -count, zone).ok_or_else(wrong)?,
            _ => return Err(wrong()),
        };
    }
    Ok(millis)
}

fn unit_interval(unit: char) -> Option<Interval> {
    Some(match unit {
        's' => Interval::Second,
        'm' => Interval::Minute,
        'h' | 'H' => Interval::Hour,
        'd' => Interval::Day,
        'w' => Interval::Week,
        'M' => Interval::Month,
        'y' => Interval::Year,
        _ => return None,
    })
}

fn step(millis: i64, unit: char, count: i64, zone: &TimeZone) -> Option<i64> {
    let span = match unit {
        's' => Span::new().try_seconds(count),
        'm' => Span::new().try_minutes(count),
        'h' | 'H' => Span::new().try_hours(count),
        'd' => Span::new().try_days(count),
        'w' => Span::new().try_weeks(count),
        'M' => Span::new().try_months(count),
        'y' => Span::new().try_years(count),
        _ => return None,
    };
    let moment = Timestamp::from_millisecond(millis).ok()?;
    let moment = moment.to_zoned(zone.clone()).checked_add(span.ok()?).ok()?;
    Some(moment.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn intervals_begin_where_the_calendar_says() {
        for (interval, zone, offset, moment, start, next) in [
            (
                "month",
                "UTC",
                "0ms",
                "2024-02-29T12:00:00Z",
                "2024-02-01T00:00:00Z",
                "2024-03-01T00:00:00Z",
            ),
            (
                "quarter",
                "UTC",
                "0ms",
                "2024-05-29T12:00:00Z",
                "2024-04-01T00:00:00Z",
                "2024-07-01T00:00:00Z",
            ),
            (
                "year",
                "UTC",
                "0ms",
                "1969-05-29T12:00:00Z",
                "1969-01-01T00:00:00Z",
                "1970-01-01T00:00:00Z",
            ),
            (
                "week",
                "UTC",
                "0ms",
                "2024-03-03T12:00:00Z",
                "2024-02-26T00:00:00Z",
                "2024-03-04T00:00:00Z",
            ),
            (
                "day",
                "UTC",
                "6h",
                "2024-03-03T05:00:00Z",
                "2024-03-02T06:00:00Z",
                "2024-03-03T06:00:00Z",
            ),
            (
                "day",
                "Europe/Paris",
                "0ms",
                "2024-03-31T12:00:00Z",
                "2024-03-30T23:00:00Z",
                "2024-03-31T22:00:00Z",
            ),
            (
                "month",
                "America/New_York",
                "0ms",
                "2024-03-31T12:00:00Z",
                "2024-03-01T05:00:00Z",
                "2024-04-01T04:00:00Z",
            ),
            (
                "hour",
                "Asia/Kolkata",
                "0ms",
                "2024-03-31T12:10:00Z",
                "2024-03-31T11:30:00Z",
                "2024-03-31T12:30:00Z",
            ),
            (
                "90m",
                "UTC",
                "0ms",
                "1970-01-01T02:00:00Z",
                "1970-01-01T01:30:00Z",
                "1970-01-01T03:00:00Z",
            ),
            (
                "12h",
                "Europe/Paris",
                "0ms",
                "2024-03-31T12:00:00Z",
                "2024-03-31T10:00:00Z",
                "2024-03-31T22:00:00Z",
            ),
        ] {
            let rounding = Rounding {
                interval: Interval::calendar(interval)
                    .or(Interval::fixed(interval))
                    .unwrap(),
                zone: crate::search::format::time_zone(zone).unwrap(),
                offset_ms: duration_ms(offset).unwrap(),
            };
            let found = rounding.start(ms(moment));
            assert_eq!(found, ms(start), "{interval} {zone} {moment}");
            assert_eq!(rounding.next(found), ms(next), "{interval} {zone} {moment}");
            assert_eq!(rounding.start(found), found);
        }
    }

    #[test]
    fn days_of_a_year_follow_each_other() {
        let rounding = Rounding {
            interval: Interval::Day,
            zone: crate::search::format::time_zone("America/Sao_Paulo").unwrap(),
            offset_ms: 0,
        };
        let mut day = rounding.start(ms("2018-01-01T12:00:00Z"));
        for _ in 0..730 {
            let next = rounding.next(day);
            assert!((23..=25).contains(&((next - day) / 3_600_000)));
            assert_eq!(rounding.start(next - 1), day);
            day = next;
        }
    }

    #[test]
    fn dates_are_computed() {
        let read = |text: &str| {
            crate::mapping::date_ms(
                Some(&crate::mapping::DateFormat::usual()),
                &serde_json::Value::from(text),
            )
        };
        let now = ms("2024-03-31T12:34:56Z");
        for (text, expected) in [
            ("now", Some("2024-03-31T12:34:56Z")),
            ("now/d", Some("2024-03-31T00:00:00Z")),
            ("now-1M/M", Some("2024-02-01T00:00:00Z")),
            ("now+2h-30m", Some("2024-03-31T14:04:56Z")),
            ("2020-02-29||+1y", Some("2021-02-28T00:00:00Z")),
            ("2020-02-29", Some("2020-02-29T00:00:00Z")),
            ("now-", None),
            ("now-1x", None),
            ("soon", None),
            ("now/2d", None),
        ] {
            let found = date_math(text, read, &TimeZone::UTC, now);
            assert_eq!(found.ok(), expected.map(ms), "{text}");
        }
    }
}
