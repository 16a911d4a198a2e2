//! Host objects: values with a Go type, methods and fields that templates may use. An object never reaches
//! outside by itself; what it may do is what its implementation was given.

use std::any::Any;

use crate::context::Context;
use crate::error::FuncError;
use crate::func::Signature;
use crate::types::{Kind, Type};
use crate::value::Value;

/// A value of a Go type with methods or fields, such as Helm's `.Files`, `time.Time` or `*semver.Version`.
///
/// Only `go_type` and `as_any` must be written; the rest says what the object can do.
pub trait Object {
    /// The Go type, by the name that `%T` prints. A name that starts with `*` is a pointer.
    fn go_type(&self) -> Type;

    /// The object itself, for functions that take this very type.
    fn as_any(&self) -> &dyn Any;

    /// The kind; by default that of the type, or of the basic value it stands for.
    fn kind(&self) -> Kind {
        match self.underlying() {
            Some(value) => value.kind(),
            None => self.go_type().kind(),
        }
    }

    /// Whether this is the nil pointer of its type: false, equal to nil, without fields, but with methods.
    fn is_nil(&self) -> bool {
        false
    }

    /// The basic value, list or map that a named type stands for: the `int64` of a `time.Duration`. Truth, length,
    /// range, comparison and printing then follow that value.
    fn underlying(&self) -> Option<Value> {
        None
    }

    /// What the `String` or `Error` method returns, if the type has one; printing then uses it.
    fn string(&self) -> Option<String> {
        None
    }

    /// Whether the type is an `error`, so that `Error` is the method that `string` stands for.
    fn is_error(&self) -> bool {
        false
    }

    /// The value of a field, exported or not.
    fn field(&self, name: &str) -> Option<Value> {
        self.fields()
            .into_iter()
            .find_map(|(field, value)| (field == name).then_some(value))
    }

    /// All fields in their order, as printing a struct shows them. Templates reach those whose names start with a capital.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    /// The signature of a method, without its receiver.
    fn method(&self, name: &str) -> Option<Signature> {
        let _ = name;
        None
    }

    /// Calls a method. The arguments are already checked against the signature that `method` gave.
    ///
    /// # Errors
    /// What the Go method would return as its error.
    fn call(
        &self,
        context: &mut Context<'_>,
        name: &str,
        args: &[Value],
    ) -> Result<Value, FuncError> {
        let _ = (context, args);
        Err(FuncError::new(format!("no method {name}")))
    }

    /// Whether Go's `==` holds between this and another object of the same type; none where Go cannot compare.
    fn equal(&self, other: &dyn Object) -> Option<bool> {
        let _ = other;
        None
    }
}
