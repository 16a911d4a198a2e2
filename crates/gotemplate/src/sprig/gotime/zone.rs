//! Zones: UTC, those of the IANA database that is compiled in, and those that a parsed text made up. No file is read.

use std::any::Any;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::context::Context;
use crate::object::Object;
use crate::types::Type;

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
            "UTC" => Zone::Utc,
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
                let (first, last) = (
                    Timestamp::MIN.as_second() + 1,
                    Timestamp::MAX.as_second() - 1,
                );
                let time = Timestamp::from_second(seconds.clamp(first, last))
                    .unwrap_or(Timestamp::UNIX_EPOCH);
                let info = zone.to_offset_info(time);
                (
                    i64::from(info.offset().seconds()),
                    info.abbreviation().to_owned(),
                )
            }
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

impl Object for Zone {
    fn go_type(&self) -> Type {
        Type::Object("*time.Location")
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
}
