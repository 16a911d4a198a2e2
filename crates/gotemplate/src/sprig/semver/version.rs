//! Versions as Masterminds/semver reads, orders and prints them: a leading `v` and missing parts are allowed.

use std::any::Any;
use std::cmp::Ordering;
use std::rc::Rc;

use crate::context::Context;
use crate::error::FuncError;
use crate::func::Signature;
use crate::object::Object;
use crate::sprig::args::{object, text, value};
use crate::types::{Type, UintKind};
use crate::value::Value;

/// A semantic version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub(super) major: u64,
    pub(super) minor: u64,
    pub(super) patch: u64,
    pub(super) pre: String,
    metadata: String,
    original: String,
}

const NOT_SEMVER: &str = "invalid semantic version";

impl Version {
    /// `semver.NewVersion`.
    ///
    /// # Errors
    /// The library's message.
    pub fn parse(source: &str) -> Result<Version, FuncError> {
        let not_semver = || FuncError::new(NOT_SEMVER);
        let body = source.strip_prefix('v').unwrap_or(source);
        let (body, metadata) = match body.split_once('+') {
            Some((body, metadata)) => (body, Some(metadata)),
            None => (body, None),
        };
        let (numbers, pre) = match body.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (body, None),
        };
        let parts: Vec<&str> = numbers.split('.').collect();
        let digits =
            |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let extras_fit = pre.is_none_or(are_identifiers) && metadata.is_none_or(are_identifiers);
        if parts.len() > 3 || !parts.iter().all(digits) || !extras_fit {
            return Err(not_semver());
        }
        let number = |at: usize| {
            match parts.get(at) {
            None => Ok(0),
            Some(part) => part.parse::<u64>().map_err(|_| {
                FuncError::new(format!("error parsing version segment: strconv.ParseUint: parsing \"{part}\": value out of range"))
            }),
        }
        };
        let pre = pre.unwrap_or_default();
        let version = Version {
            major: number(0)?,
            minor: number(1)?,
            patch: number(2)?,
            pre: pre.to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: source.to_owned(),
        };
        check_prerelease(pre)?;
        Ok(version)
    }

    /// The value that a template holds: `*semver.Version`, or `semver.Version` where it is no pointer.
    pub(super) fn into_value(self, pointer: bool) -> Value {
        Value::Object(Rc::new(Held {
            version: self,
            pointer,
        }))
    }

    /// The zero value, as a template holds it.
    pub(in crate::sprig) fn zero() -> Value {
        let none = String::new;
        Version {
            major: 0,
            minor: 0,
            patch: 0,
            pre: none(),
            metadata: none(),
            original: none(),
        }
        .into_value(true)
    }

    fn text(&self) -> String {
        let mut text = format!("{}.{}.{}", self.major, self.minor, self.patch);
        for (mark, part) in [('-', &self.pre), ('+', &self.metadata)] {
            if !part.is_empty() {
                text.push(mark);
                text.push_str(part);
            }
        }
        text
    }

    fn changed(mut self, change: impl FnOnce(&mut Version)) -> Version {
        let prefix = if self.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        change(&mut self);
        self.original = format!("{prefix}{}", self.text());
        self
    }

    fn released(self, change: impl FnOnce(&mut Version)) -> Version {
        self.changed(|version| {
            change(version);
            version.pre.clear();
            version.metadata.clear();
        })
    }

    /// `Version.Compare`: build metadata does not count.
    pub fn compare(&self, other: &Version) -> Ordering {
        let numbers = |version: &Version| (version.major, version.minor, version.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prereleases(&self.pre, &other.pre),
            }
        })
    }
}

fn are_identifiers(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn check_prerelease(text: &str) -> Result<(), FuncError> {
    let zero_led = |part: &str| {
        part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if text.split('.').any(zero_led) {
        return Err(FuncError::new("version segment starts with 0"));
    }
    Ok(())
}

/// The order of two pre-releases: part by part, numbers before words.
pub(super) fn compare_prereleases(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (a, b) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => (a.unwrap_or_default(), b.unwrap_or_default()),
        };
        if a == b {
            continue;
        }
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        return match (a.parse::<u64>(), b.parse::<u64>()) {
            (Err(_), Err(_)) => a.cmp(b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Ok(a), Ok(b)) if a > b => Ordering::Greater,
            _ => Ordering::Less,
        };
    }
}

// A version as templates hold it; the increments return no pointers.
struct Held {
    version: Version,
    pointer: bool,
}

const VERSION: Type = Type::Object("*semver.Version");
const NO_ARGUMENTS: Signature = Signature::fixed(&[]);
const ONE_VERSION: Signature = Signature::fixed(&[VERSION]);
const ONE_TEXT: Signature = Signature::fixed(&[Type::String]);

impl Object for Held {
    fn go_type(&self) -> Type {
        if self.pointer {
            VERSION
        } else {
            Type::Object("semver.Version")
        }
    }

    fn as_any(&self) -> &dyn Any {
        &self.version
    }

    fn string(&self) -> Option<String> {
        Some(self.version.text())
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let version = &self.version;
        let number = |number: u64| Value::Uint(number, UintKind::Uint64);
        vec![
            ("major", number(version.major)),
            ("minor", number(version.minor)),
            ("patch", number(version.patch)),
            ("pre", Value::str(version.pre.as_str())),
            ("metadata", Value::str(version.metadata.as_str())),
            ("original", Value::str(version.original.as_str())),
        ]
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "String" | "IncMajor"
            | "IncMinor" | "IncPatch" => Some(NO_ARGUMENTS),
            "SetPrerelease" | "SetMetadata" => Some(ONE_TEXT),
            // A value reached through a template is not addressable, so pointer methods are out of reach.
            "MarshalText" | "MarshalJSON" => Some(NO_ARGUMENTS),
            "Original" if self.pointer => Some(NO_ARGUMENTS),
            "Compare" | "Equal" | "LessThan" | "LessThanEqual" | "GreaterThan"
            | "GreaterThanEqual"
                if self.pointer =>
            {
                Some(ONE_VERSION)
            }
            _ => None,
        }
    }

    fn call(&self, _: &mut Context<'_>, name: &str, args: &[Value]) -> Result<Value, FuncError> {
        let own = &self.version;
        let number = |number: u64| Ok(Value::Uint(number, UintKind::Uint64));
        let next = |version: Version| Ok(version.into_value(false));
        let order = || {
            let other = value(args, 0);
            let other =
                object::<Version>(&other).ok_or_else(crate::sprig::args::nil_dereference)?;
            Ok::<Ordering, FuncError>(own.compare(other))
        };
        let truth = |holds: fn(Ordering) -> bool| order().map(|order| Value::Bool(holds(order)));
        match name {
            "Major" => number(own.major),
            "Minor" => number(own.minor),
            "Patch" => number(own.patch),
            "Prerelease" => Ok(Value::str(own.pre.as_str())),
            "Metadata" => Ok(Value::str(own.metadata.as_str())),
            "Original" => Ok(Value::str(own.original.as_str())),
            "String" => Ok(Value::str(own.text())),
            "MarshalText" => Ok(Value::Bytes(own.text().into_bytes().into())),
            // Nothing in a version's text needs an escape.
            "MarshalJSON" => Ok(Value::Bytes(
                format!("\"{}\"", own.text()).into_bytes().into(),
            )),
            "IncMajor" => next(own.clone().released(|version| {
                (version.major, version.minor, version.patch) =
                    (version.major.wrapping_add(1), 0, 0);
            })),
            "IncMinor" => next(own.clone().released(|version| {
                (version.minor, version.patch) = (version.minor.wrapping_add(1), 0)
            })),
            "IncPatch" => next(own.clone().released(|version| {
                if version.pre.is_empty() {
                    version.patch = version.patch.wrapping_add(1);
                }
            })),
            "SetPrerelease" => {
                let pre = text(args, 0).into_owned();
                if !pre.is_empty() && !are_identifiers(&pre) {
                    return Err(FuncError::new("invalid prerelease string"));
                }
                check_prerelease(&pre)?;
                next(own.clone().changed(|version| version.pre = pre))
            }
            "SetMetadata" => {
                let metadata = text(args, 0).into_owned();
                if !metadata.is_empty() && !are_identifiers(&metadata) {
                    return Err(FuncError::new("invalid metadata string"));
                }
                next(own.clone().changed(|version| version.metadata = metadata))
            }
            "Compare" => order().map(|order| Value::int(order as i64)),
            "Equal" => truth(Ordering::is_eq),
            "LessThan" => truth(Ordering::is_lt),
            "LessThanEqual" => truth(Ordering::is_le),
            "GreaterThan" => truth(Ordering::is_gt),
            "GreaterThanEqual" => truth(Ordering::is_ge),
            _ => Err(FuncError::new(format!("no method {name}"))),
        }
    }
}
