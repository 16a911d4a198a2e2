//! Zones: UTC, those of the IANA database that is compiled in, and those that a parsed text made up. No file is read.

use std::any::Any;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::LOCATION;
use super::calendar::string_method;
use crate::context::Context;
use crate::error::FuncError;
use crate::func::Signature;
use crate::object::Object;
use crate::types::Type;
use crate::value::Value;

/// What a time is shown in.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sprig) enum Zone {
    Utc,
    /// The IANA zone of the host's, or one asked for by name.
    Named(TimeZone),
    /// A zone that a text gave: its name, which may be empty, and seconds east of UTC.
    Fixed(String, i64),
}

impl Zone {
    /// `time.LoadLocation`; none for names that the database does not have.
    pub(in crate::sprig) fn load(context: &Context<'_>, name: &str) -> Option<Zone> {
        match name {
            "" | "UTC" => Some(Zone::Utc),
            "Local" => Some(Zone::local(context)),
            name => Zone::named(name),
        }
    }

    /// The host's zone.
    pub(in crate::sprig) fn local(context: &Context<'_>) -> Zone {
        match context.host().local_zone() {
            // Not the same as `Utc`: Go's times in either are unequal.
            "UTC" => Zone::Named(TimeZone::UTC),
            name => Zone::named(name).unwrap_or(Zone::Utc),
        }
    }

    fn named(name: &str) -> Option<Zone> {
        let zone = TimeZoneDatabase::bundled().get(name).ok()?;
        // The database's names have their letter case, as Go's files have.
        (zone.iana_name() == Some(name)).then_some(Zone::Named(zone))
    }

    /// Seconds east of UTC, and the zone's short name, at a time.
    pub(super) fn at(&self, seconds: i64) -> (i64, String) {
        match self {
            Zone::Utc => (0, "UTC".to_owned()),
            Zone::Fixed(name, offset) => (*offset, name.clone()),
            Zone::Named(zone) => {
                let info = zone.to_offset_info(timestamp(seconds));
                (
                    i64::from(info.offset().seconds()),
                    info.abbreviation().to_owned(),
                )
            }
        }
    }

    /// Whether summer time holds at a time.
    pub(super) fn is_summer(&self, seconds: i64) -> bool {
        match self {
            Zone::Utc | Zone::Fixed(..) => false,
            Zone::Named(zone) => zone.to_offset_info(timestamp(seconds)).dst().is_dst(),
        }
    }

    /// The UTC seconds of a time read off a clock of this zone, as `time.Date` finds them.
    pub(super) fn to_utc(&self, local: i64) -> i64 {
        let first = local.saturating_sub(self.at(local).0);
        let (offset, _) = self.at(first);
        let second = local.saturating_sub(offset);
        if self.at(second).0 == offset {
            second
        } else {
            first
        }
    }
}

// Beyond the years that the database knows, zones are as in the last of them.
fn timestamp(seconds: i64) -> Timestamp {
    let (first, last) = (
        Timestamp::MIN.as_second() + 1,
        Timestamp::MAX.as_second() - 1,
    );
    Timestamp::from_second(seconds.clamp(first, last)).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Object for Zone {
    fn go_type(&self) -> Type {
        LOCATION
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn string(&self) -> Option<String> {
        Some(match self {
            Zone::Utc => "UTC".to_owned(),
            Zone::Named(zone) => zone.iana_name().unwrap_or_default().to_owned(),
            Zone::Fixed(name, _) => name.clone(),
        })
    }

    fn method(&self, name: &str) -> Option<Signature> {
        string_method(name)
    }

    fn call(&self, _: &mut Context<'_>, _: &str, _: &[Value]) -> Result<Value, FuncError> {
        Ok(Value::str(self.string().unwrap_or_default()))
    }
}
