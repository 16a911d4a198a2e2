//! Go's types as templates see them: what `%T` prints and what argument checks compare. Holds no values.

use std::fmt;

/// A Go type. It is `Copy`, so that a function's signature is a constant.
///
/// Equality is Go's type identity. Map keys are always strings: no Sprig function and no YAML or JSON
/// document makes another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `interface {}`: any value, nil too.
    Interface,
    /// `reflect.Value`: any value, an invalid one too. Only builtins such as `index` and `eq` ask for it.
    ReflectValue,
    /// `bool`.
    Bool,
    /// `int`, `int8`, … `int64`.
    Int(IntKind),
    /// `uint`, `uint8`, … `uint64`.
    Uint(UintKind),
    /// `float64`.
    Float64,
    /// `complex128`: only as the type of a parameter that no value here has.
    Complex128,
    /// `string`.
    String,
    /// `[]T`.
    Slice(&'static Type),
    /// `map[string]T`.
    Map(&'static Type),
    /// A named type over another, such as `common.Values` over `map[string]interface {}`.
    Named(&'static str, &'static Type),
    /// A host object's type, by the name that `%T` prints: `*semver.Version`, `time.Time`.
    Object(&'static str),
    /// A function, by its Go signature, such as `func(string) string`.
    Func(&'static str),
}

/// The size of a signed integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    /// `int`, 64 bits as on every host that Helm runs on.
    Int,
    /// `int8`.
    Int8,
    /// `int16`.
    Int16,
    /// `int32`, also `rune`.
    Int32,
    /// `int64`.
    Int64,
}

/// The size of an unsigned integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UintKind {
    /// `uint`, 64 bits.
    Uint,
    /// `uint8`, also `byte`.
    Uint8,
    /// `uint16`.
    Uint16,
    /// `uint32`.
    Uint32,
    /// `uint64`.
    Uint64,
}

/// Go's `reflect.Kind`, as `kindOf` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `invalid`: untyped nil.
    Invalid,
    /// `bool`.
    Bool,
    /// A signed integer.
    Int(IntKind),
    /// An unsigned integer.
    Uint(UintKind),
    /// `float64`.
    Float64,
    /// `complex128`.
    Complex128,
    /// `string`.
    String,
    /// `slice`.
    Slice,
    /// `map`.
    Map,
    /// `func`.
    Func,
    /// `struct`.
    Struct,
    /// `ptr`.
    Ptr,
    /// `interface`.
    Interface,
}

impl Type {
    /// `int`.
    pub const INT: Type = Type::Int(IntKind::Int);
    /// `int64`.
    pub const INT64: Type = Type::Int(IntKind::Int64);
    /// `uint8`.
    pub const UINT8: Type = Type::Uint(UintKind::Uint8);
    /// `[]interface {}`.
    pub const LIST: Type = Type::Slice(&Type::Interface);
    /// `[]string`.
    pub const STRINGS: Type = Type::Slice(&Type::String);
    /// `[]int`.
    pub const INTS: Type = Type::Slice(&Type::INT);
    /// `[]uint8`, which is `[]byte`.
    pub const BYTES: Type = Type::Slice(&Type::UINT8);
    /// `map[string]interface {}`.
    pub const DICT: Type = Type::Map(&Type::Interface);
    /// `map[string]string`.
    pub const STRING_MAP: Type = Type::Map(&Type::String);

    /// The type with any names taken off: `map[string]interface {}` of `common.Values`.
    pub fn underlying(self) -> Type {
        match self {
            Type::Named(_, of) => of.underlying(),
            other => other,
        }
    }

    /// The type of the elements of a slice or map, `interface {}` of anything else.
    pub fn elem(self) -> Type {
        match self.underlying() {
            Type::Slice(elem) | Type::Map(elem) => *elem,
            _ => Type::Interface,
        }
    }

    /// Whether Go's untyped nil may stand for this type (`canBeNil` of `text/template`).
    pub fn can_be_nil(self) -> bool {
        match self.underlying() {
            Type::Interface
            | Type::ReflectValue
            | Type::Slice(_)
            | Type::Map(_)
            | Type::Func(_) => true,
            Type::Object(name) => name.starts_with('*'),
            _ => false,
        }
    }

    /// Whether a value of this type may be given where `to` is asked for (`reflect.Type.AssignableTo`).
    pub fn assignable_to(self, to: Type) -> bool {
        if self == to || matches!(to, Type::Interface) {
            return true;
        }
        let one_is_unnamed = !matches!(self, Type::Named(..)) || !matches!(to, Type::Named(..));
        let composite = matches!(
            self.underlying(),
            Type::Slice(_) | Type::Map(_) | Type::Func(_)
        );
        one_is_unnamed && composite && self.underlying() == to.underlying()
    }

    /// The kind of a value of this type.
    pub fn kind(self) -> Kind {
        match self {
            Type::Interface => Kind::Interface,
            Type::ReflectValue => Kind::Struct,
            Type::Bool => Kind::Bool,
            Type::Int(size) => Kind::Int(size),
            Type::Uint(size) => Kind::Uint(size),
            Type::Float64 => Kind::Float64,
            Type::Complex128 => Kind::Complex128,
            Type::String => Kind::String,
            Type::Slice(_) => Kind::Slice,
            Type::Map(_) => Kind::Map,
            Type::Named(_, of) => of.kind(),
            Type::Object(name) if name.starts_with('*') => Kind::Ptr,
            Type::Object(_) => Kind::Struct,
            Type::Func(_) => Kind::Func,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Interface => f.write_str("interface {}"),
            Type::ReflectValue => f.write_str("reflect.Value"),
            Type::Slice(elem) => write!(f, "[]{elem}"),
            Type::Map(elem) => write!(f, "map[string]{elem}"),
            Type::Named(name, _) | Type::Object(name) | Type::Func(name) => f.write_str(name),
            other => f.write_str(other.kind().name()),
        }
    }
}

impl IntKind {
    /// The number as this size holds it: Go's conversion, which drops the high bits.
    pub fn wrap(self, number: i64) -> i64 {
        match self {
            IntKind::Int | IntKind::Int64 => number,
            IntKind::Int8 => i64::from(number as i8),
            IntKind::Int16 => i64::from(number as i16),
            IntKind::Int32 => i64::from(number as i32),
        }
    }
}

impl UintKind {
    /// The number as this size holds it: Go's conversion, which drops the high bits.
    pub fn wrap(self, number: u64) -> u64 {
        match self {
            UintKind::Uint | UintKind::Uint64 => number,
            UintKind::Uint8 => u64::from(number as u8),
            UintKind::Uint16 => u64::from(number as u16),
            UintKind::Uint32 => u64::from(number as u32),
        }
    }
}

impl Kind {
    /// The name that Go prints.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Bool => "bool",
            Kind::Int(IntKind::Int) => "int",
            Kind::Int(IntKind::Int8) => "int8",
            Kind::Int(IntKind::Int16) => "int16",
            Kind::Int(IntKind::Int32) => "int32",
            Kind::Int(IntKind::Int64) => "int64",
            Kind::Uint(UintKind::Uint) => "uint",
            Kind::Uint(UintKind::Uint8) => "uint8",
            Kind::Uint(UintKind::Uint16) => "uint16",
            Kind::Uint(UintKind::Uint32) => "uint32",
            Kind::Uint(UintKind::Uint64) => "uint64",
            Kind::Float64 => "float64",
            Kind::Complex128 => "complex128",
            Kind::String => "string",
            Kind::Slice => "slice",
            Kind::Map => "map",
            Kind::Func => "func",
            Kind::Struct => "struct",
            Kind::Ptr => "ptr",
            Kind::Interface => "interface",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
