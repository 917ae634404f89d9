//! date_range: ranges whose ends are dates or date math.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::date_histogram::read_date;
use super::ranges::{Ranges, parse_list};
use super::source::Source;
use super::{Kind, Result};
use crate::search::format::time_zone;
use crate::search::options::Options;

pub(super) fn parse(body: &Value) -> Result<Box<dyn Kind>> {
    let options = Options::new("date_range", body)?;
    let mut source = Source::parse("date_range", &options)?;
    let zone = options.text("time_zone")?;
    source.time_zone = zone.map(str::to_owned);
    let zone = zone.map_or(Ok(TimeZone::UTC), time_zone)?;
    let ranges = parse_list(&options, |range, key| match range.value(key) {
        None => Ok(None),
        Some(value) => {
            let millis = read_date(value, source.format.as_deref(), &zone)?;
            Ok(Some(millis as f64))
        }
    })?;
    let ranges = Ranges {
        source,
        ranges,
        is_keyed: options.flag("keyed")?.unwrap_or(false),
        are_dates: true,
    };
    options.finish()?;
    Ok(Box::new(ranges))
}
