//! The errors of a schema in the words of `github.com/santhosh-tekuri/jsonschema` v6 (its `kind` package), which are not those of the crate by
//! the same author. Never shows a value but those that the Go library shows.

use boon::{ErrorKind, ValidationError};
use gotemplate::strconv::format_float;
use serde_json::Value;

/// Errors within errors that are shown.
const MAX_LEVEL: usize = 50;

/// The lines below the library's first line, which Helm takes off.
pub(super) fn describe(error: &ValidationError<'_, '_>, schema: &Value) -> String {
    let mut lines = Vec::new();
    write(error, schema, 0, None, false, &mut lines);
    lines.join("\n")
}

fn write(
    error: &ValidationError<'_, '_>,
    schema: &Value,
    mut level: usize,
    above: Option<&ErrorKind<'_, '_>>,
    of_name: bool,
    lines: &mut Vec<String>,
) {
    let silent = match error.kind {
        ErrorKind::Schema { .. } => true,
        ErrorKind::Reference { .. } => error.causes.len() == 1,
        _ => false,
    };
    // A property's name is an instance of its own.
    let of_name = of_name || matches!(error.kind, ErrorKind::PropertyName { .. });
    if !silent {
        let at = if of_name {
            String::new()
        } else {
            error.instance_location.to_string()
        };
        if is_sole_of_all(error, above) {
            // The crate leaves out an `allOf` of which one schema failed.
            let indent = "  ".repeat(level);
            lines.push(format!("{indent}- at {}: 'allOf' failed", quote(&at)));
            level += 1;
        }
        let indent = "  ".repeat(level);
        let words = words(error, schema);
        lines.push(format!("{indent}- at {}: {words}", quote(&at)));
    }
    if level >= MAX_LEVEL {
        return;
    }
    for cause in &error.causes {
        let level = level + usize::from(!silent);
        write(cause, schema, level, Some(&error.kind), of_name, lines);
    }
}

/// Whether an error is that of a schema of an `allOf`, which stands right in the chart's own schema.
fn is_sole_of_all(error: &ValidationError<'_, '_>, above: Option<&ErrorKind<'_, '_>>) -> bool {
    let mut parts = error.schema_url.rsplit('/');
    let (index, keyword) = (parts.next(), parts.next());
    keyword == Some("allOf")
        && index.is_some_and(|index| index.parse::<usize>().is_ok())
        && !matches!(above, Some(ErrorKind::AllOf))
}

fn words(error: &ValidationError<'_, '_>, schema: &Value) -> String {
    let bound =
        |keyword: &str, got: String, want: String| format!("{keyword}: got {got}, want {want}");
    let count = |keyword: &str, got: usize, want: usize| {
        bound(
            keyword,
            grouped(&got.to_string()),
            grouped(&want.to_string()),
        )
    };
    match &error.kind {
        ErrorKind::Type { got, want } => {
            let want: Vec<String> = want.iter().map(|of| of.to_string()).collect();
            format!("got {got}, want {}", want.join(" or "))
        }
        ErrorKind::Required { want } => {
            let noun = if want.len() == 1 {
                "property"
            } else {
                "properties"
            };
            format!("missing {noun} {}", quoted(want))
        }
        ErrorKind::AdditionalProperties { got } => {
            let mut got: Vec<&str> = got.iter().map(|name| &**name).collect();
            got.sort_unstable();
            format!("additional properties {} not allowed", quoted(&got))
        }
        ErrorKind::Enum { want } if want.iter().all(is_primitive) => {
            let want: Vec<String> = want.iter().map(shown).collect();
            format!("value must be one of {}", want.join(", "))
        }
        ErrorKind::Enum { .. } => "'enum' failed".to_owned(),
        ErrorKind::Const { want } if is_primitive(want) => format!("value must be {}", shown(want)),
        ErrorKind::Const { .. } => "'const' failed".to_owned(),
        ErrorKind::Pattern { got, want } => {
            // The crate shows its own translation of the pattern.
            let written = at(schema, error.schema_url).and_then(|schema| schema.get("pattern"));
            let want = written.and_then(Value::as_str).unwrap_or(want);
            format!("{} does not match pattern {}", quote(got), quote(want))
        }
        ErrorKind::MinLength { got, want } => count("minLength", *got, *want),
        ErrorKind::MaxLength { got, want } => count("maxLength", *got, *want),
        ErrorKind::MinItems { got, want } => count("minItems", *got, *want),
        ErrorKind::MaxItems { got, want } => count("maxItems", *got, *want),
        ErrorKind::MinProperties { got, want } => count("minProperties", *got, *want),
        ErrorKind::MaxProperties { got, want } => count("maxProperties", *got, *want),
        ErrorKind::Minimum { got, want } => bound("minimum", number(got), number(want)),
        ErrorKind::Maximum { got, want } => bound("maximum", number(got), number(want)),
        ErrorKind::ExclusiveMinimum { got, want } => {
            bound("exclusiveMinimum", number(got), number(want))
        }
        ErrorKind::ExclusiveMaximum { got, want } => {
            bound("exclusiveMaximum", number(got), number(want))
        }
        ErrorKind::MultipleOf { got, want } => bound("multipleOf", number(got), number(want)),
        ErrorKind::Dependency { prop, missing }
        | ErrorKind::DependentRequired { prop, missing } => {
            format!(
                "properties {} required, if {} exists",
                quoted(missing),
                quote(prop)
            )
        }
        ErrorKind::PropertyName { prop } => format!("invalid propertyName {}", quote(prop)),
        ErrorKind::Not => "'not' failed".to_owned(),
        ErrorKind::AllOf => "'allOf' failed".to_owned(),
        ErrorKind::AnyOf => "'anyOf' failed".to_owned(),
        ErrorKind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
        ErrorKind::OneOf(Some((first, second))) => {
            format!("'oneOf' failed, subschemas {first}, {second} matched")
        }
        other => other.to_string(),
    }
}

/// The part of the schema that a URL with a JSON pointer names.
fn at<'s>(schema: &'s Value, url: &str) -> Option<&'s Value> {
    schema.pointer(&url.split_once('#')?.1.replace("%5E", "^"))
}

fn is_primitive(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

fn quoted(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    texts.join(", ")
}

/// A number as `golang.org/x/text` prints it in English: `12,345`, `1.5`, `1×10⁰⁶`.
fn number(number: &serde_json::Number) -> String {
    let text = format_float(number.as_f64().unwrap_or_default(), b'g', -1);
    let text = String::from_utf8_lossy(&text).into_owned();
    match text.split_once('e') {
        None => grouped(&text),
        Some((digits, exponent)) => {
            let exponent = exponent.chars().map(|c| match c {
                '0' => '⁰',
                '1' => '¹',
                '2' => '²',
                '3' => '³',
                '4' => '⁴',
                '5' => '⁵',
                '6' => '⁶',
                '7' => '⁷',
                '8' => '⁸',
                '9' => '⁹',
                '-' => '⁻',
                _ => '\u{200B}',
            });
            let exponent: String = exponent.filter(|&c| c != '\u{200B}').collect();
            format!("{digits}×10{exponent}")
        }
    }
}

/// Commas between thousands.
fn grouped(text: &str) -> String {
    let (whole, fraction) = match text.find('.') {
        Some(point) => text.split_at(point),
        None => (text, ""),
    };
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}
