//! `toToml` and `fromToml`. Writing follows `github.com/BurntSushi/toml`; reading is the crate `toml`, whose error messages are its own.

use gotemplate::strconv::format_float;
use gotemplate::{Context, FuncError, Limit, List, Map, Str, Type, Value};

use super::yaml::failed;

/// Tables in tables, and arrays in arrays.
const MAX_DEPTH: usize = 100;

/// `toToml`: the error's text where the value has no TOML.
pub(super) fn to_toml(context: &mut Context<'_>, value: &Value) -> Result<Value, FuncError> {
    if matches!(value, Value::Nil) {
        return must_to_toml(context, value);
    }
    match must_to_toml(context, value) {
        Err(FuncError::Message(message)) => Ok(Value::str(message)),
        other => other,
    }
}

/// `mustToToml`.
pub(super) fn must_to_toml(context: &mut Context<'_>, value: &Value) -> Result<Value, FuncError> {
    let mut writer = Writer {
        context,
        out: String::new(),
    };
    match underlying(value) {
        // Go's library panics here.
        Value::Nil => {
            let problem = "reflect: call of reflect.Value.Type on zero Value";
            return Err(FuncError::new(problem));
        }
        Value::Map(map) => writer.table(&[], &map)?,
        Value::List(list) if writer.is_table_array(list.items())? => {
            return Err(FuncError::new(
                "toml: top-level values must be Go maps or structs",
            ));
        }
        other => writer.element(&other, 0)?,
    }
    let text = writer.out;
    Ok(Value::str(text))
}

/// Go sees through a named type to what it is.
fn underlying(value: &Value) -> Value {
    match value {
        Value::Object(object) => object.underlying().unwrap_or_else(|| value.clone()),
        other => other.clone(),
    }
}

struct Writer<'r, 'a> {
    context: &'r mut Context<'a>,
    out: String,
}

impl Writer<'_, '_> {
    fn put(&mut self, text: &str) -> Result<(), FuncError> {
        self.context.step(1)?;
        self.context.reserve(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    /// Ends a line, unless there is none yet.
    fn line(&mut self) -> Result<(), FuncError> {
        if self.out.is_empty() {
            return Ok(());
        }
        self.put("\n")
    }

    fn indent(&mut self, path: &[String]) -> Result<(), FuncError> {
        self.put(&"  ".repeat(path.len().saturating_sub(1)))
    }

    /// The entries of a table: plain ones first, then tables and arrays of tables.
    fn table(&mut self, path: &[String], map: &Map) -> Result<(), FuncError> {
        if path.len() > MAX_DEPTH {
            return Err(Limit::Depth(MAX_DEPTH).into());
        }
        let (mut plain, mut tables) = (Vec::new(), Vec::new());
        for (key, value) in map.entries() {
            let value = underlying(&value);
            let below = match &value {
                Value::Map(_) => true,
                Value::List(list) => self.is_table_array(list.items())?,
                _ => false,
            };
            let group = if below { &mut tables } else { &mut plain };
            group.push((key, value));
        }
        for (key, value) in plain.into_iter().chain(tables) {
            if value.is_nil() {
                continue;
            }
            let mut path = path.to_vec();
            path.push(bare_or_quoted(&key));
            self.entry(&path, &value)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &[String], value: &Value) -> Result<(), FuncError> {
        match value {
            Value::Map(map) => {
                if path.len() == 1 {
                    self.line()?;
                }
                self.indent(path)?;
                self.put(&format!("[{}]", path.join(".")))?;
                self.line()?;
                self.table(path, map)
            }
            Value::List(list) if self.is_table_array(list.items())? => {
                for item in list.items() {
                    let Value::Map(map) = underlying(item) else {
                        continue;
                    };
                    self.line()?;
                    self.indent(path)?;
                    self.put(&format!("[[{}]]", path.join(".")))?;
                    self.line()?;
                    self.table(path, &map)?;
                }
                Ok(())
            }
            plain => {
                self.indent(path)?;
                let key = path.last().map(String::as_str).unwrap_or_default();
                self.put(&format!("{key} = "))?;
                self.element(plain, 0)?;
                self.line()
            }
        }
    }

    /// Whether all items are tables. Nil among them is an error.
    fn is_table_array(&mut self, items: &[Value]) -> Result<bool, FuncError> {
        self.context.step(items.len() as u64 / 8)?;
        if items.iter().any(Value::is_nil) {
            return Err(FuncError::new("toml: cannot encode array with nil element"));
        }
        let is_table = |item: &Value| matches!(underlying(item), Value::Map(_));
        Ok(!items.is_empty() && items.iter().all(is_table))
    }

    /// A value on one line.
    fn element(&mut self, value: &Value, depth: usize) -> Result<(), FuncError> {
        if depth > MAX_DEPTH {
            return Err(Limit::Depth(MAX_DEPTH).into());
        }
        match underlying(value) {
            Value::Bool(truth) => self.put(if truth { "true" } else { "false" }),
            Value::Int(number, _) => self.put(&number.to_string()),
            Value::Uint(number, _) => self.put(&number.to_string()),
            Value::Float(number) => self.put(&float(number)),
            Value::Str(text) => self.put(&quoted(&text.to_text())),
            Value::Bytes(bytes) => {
                let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
                self.put(&format!("[{}]", numbers.join(", ")))
            }
            Value::List(list) => {
                self.is_table_array(list.items())?;
                self.put("[")?;
                for (index, item) in list.items().iter().enumerate() {
                    if index > 0 {
                        self.put(", ")?;
                    }
                    self.element(item, depth + 1)?;
                }
                self.put("]")
            }
            Value::Map(map) => {
                self.put("{")?;
                let mut first = true;
                for (key, value) in map.entries() {
                    if value.is_nil() {
                        continue;
                    }
                    if !std::mem::take(&mut first) {
                        self.put(", ")?;
                    }
                    self.put(&format!("{} = ", bare_or_quoted(&key)))?;
                    self.element(&value, depth + 1)?;
                }
                self.put("}")
            }
            object @ Value::Object(_) => {
                // A time, whose JSON is its TOML in quotes.
                let json = super::json::encode(self.context, &object)?;
                let text = json.to_text().trim_matches('"').to_owned();
                self.put(&text)
            }
            Value::Nil | Value::Func(_) => {
                let go_type = value.go_type().map(|of| of.to_string());
                let go_type = go_type.unwrap_or_default();
                Err(FuncError::new(format!("toml: unsupported type: {go_type}")))
            }
        }
    }
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let mut text = String::from_utf8_lossy(&format_float(number, b'g', -1)).into_owned();
    if !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}

fn bare_or_quoted(key: &Str) -> String {
    let text = key.to_text();
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !text.is_empty() && text.chars().all(bare) {
        text.into_owned()
    } else {
        quoted(&text)
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{C}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1F}' | '\u{7F}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `fromToml`: a map, which holds `Error` where the text is none.
pub(super) fn from_toml(context: &mut Context<'_>, text: &str) -> Result<Value, FuncError> {
    context.step(text.len() as u64 / 8)?;
    context.reserve(text.len())?;
    match text.parse::<toml::Table>() {
        Ok(table) => from_table(context, table),
        Err(error) => Ok(failed(format!("toml: {}", error.message()))),
    }
}

fn from_table(context: &mut Context<'_>, table: toml::Table) -> Result<Value, FuncError> {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table {
        entries.push((key, from_element(context, value)?));
    }
    Ok(Value::dict(entries))
}

fn from_element(context: &mut Context<'_>, value: toml::Value) -> Result<Value, FuncError> {
    context.step(1)?;
    Ok(match value {
        toml::Value::String(text) => Value::str(text),
        toml::Value::Integer(number) => Value::int64(number),
        toml::Value::Float(number) => Value::Float(number),
        toml::Value::Boolean(truth) => Value::Bool(truth),
        toml::Value::Datetime(time) => from_datetime(context, &time)?,
        toml::Value::Array(items) => {
            let tables = !items.is_empty() && items.iter().all(toml::Value::is_table);
            let items = items.into_iter().map(|item| from_element(context, item));
            let items = items.collect::<Result<_, _>>()?;
            let go_type = if tables {
                Type::Slice(&Type::DICT)
            } else {
                Type::LIST
            };
            Value::List(List::new(go_type, items))
        }
        toml::Value::Table(table) => from_table(context, table)?,
    })
}

/// Go gives a `time.Time`, in UTC where the text names no offset.
fn from_datetime(
    context: &mut Context<'_>,
    time: &toml::value::Datetime,
) -> Result<Value, FuncError> {
    let layout = match (
        time.date.is_some(),
        time.time.is_some(),
        time.offset.is_some(),
    ) {
        (true, true, true) => "2006-01-02T15:04:05.999999999Z07:00",
        (true, true, false) => "2006-01-02T15:04:05.999999999",
        (true, false, _) => "2006-01-02",
        _ => "15:04:05.999999999",
    };
    let functions = context.templates().functions().clone();
    match functions.get("mustToDate") {
        Some(function) => context.call(
            function,
            &[Value::str(layout), Value::str(time.to_string())],
        ),
        None => Ok(Value::str(time.to_string())),
    }
}
