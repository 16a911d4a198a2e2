//! Values to text, in the layout of go-yaml's emitter (`emitterc.go`). Never writes anchors, tags, comments or folded blocks.

mod scalar;

use crate::analyze::{Analysis, analyze};
use crate::error::PrintError;
use crate::resolve::{Schema, is_plain_text};
use crate::value::{Map, Value};
use crate::{PRINT_DEPTH, number, order};

/// Which go-yaml to print as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// go-yaml v2 as `sigs.k8s.io/yaml` uses it.
    V2,
    /// go-yaml v3 after `SetIndent(2)`.
    V3,
}

impl Style {
    fn is_v3(self) -> bool {
        self == Self::V3
    }

    /// Column after which a space becomes a line break.
    fn width(self) -> usize {
        if self.is_v3() { usize::MAX } else { 80 }
    }
}

/// Columns a level takes.
const INDENT: usize = 2;

/// Where a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Context {
    Root,
    Item,
    /// The value of a mapping, or a key written after `? `.
    Entry,
    SimpleKey,
}

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ScalarStyle {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
}

/// The text so far, and libyaml's notes on its end.
pub(crate) struct Emitter {
    style: Style,
    out: String,
    column: usize,
    /// Columns of the collections around, `None` outside of all.
    indent: Option<usize>,
    /// The last character is a space, or none is needed.
    whitespace: bool,
    /// The line has nothing but indentation and `- `, `? `, `: ` so far.
    indention: bool,
}

impl Emitter {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            out: String::new(),
            column: 0,
            indent: None,
            whitespace: true,
            indention: true,
        }
    }

    /// Prints `value` as the one document.
    pub(crate) fn document(mut self, value: &Value) -> Result<String, PrintError> {
        self.node(value, Context::Root, 0)?;
        self.write_indent();
        Ok(self.out)
    }

    fn node(&mut self, value: &Value, context: Context, depth: usize) -> Result<(), PrintError> {
        if depth > PRINT_DEPTH {
            return Err(PrintError::Depth(PRINT_DEPTH));
        }
        match value {
            Value::Null => self.bare("null", context),
            Value::Bool(b) => self.bare(if *b { "true" } else { "false" }, context),
            Value::Int(i) => self.bare(&i.to_string(), context),
            Value::Uint(u) => self.bare(&u.to_string(), context),
            Value::Float(f) => self.bare(&float_text(*f), context),
            Value::String(text) => self.string(text, context),
            Value::Sequence(items) if items.is_empty() => self.empty("[", "]"),
            Value::Mapping(map) if map.is_empty() => self.empty("{", "}"),
            Value::Sequence(items) => return self.sequence(items, context, depth),
            Value::Mapping(map) => return self.mapping(map, depth),
        }
        Ok(())
    }

    fn empty(&mut self, open: &str, close: &str) {
        self.write_indicator(open, true, true, false);
        self.write_indicator(close, false, false, false);
    }

    fn sequence(
        &mut self,
        items: &[Value],
        context: Context,
        depth: usize,
    ) -> Result<(), PrintError> {
        let outer = self.indent;
        // v2 does not indent the items of a mapping's list.
        if self.style.is_v3() || context != Context::Entry || self.indention {
            self.increase_indent(false);
        }
        for item in items {
            self.write_indent();
            self.write_indicator("-", true, false, true);
            self.node(item, Context::Item, depth + 1)?;
        }
        self.indent = outer;
        Ok(())
    }

    fn mapping(&mut self, map: &Map, depth: usize) -> Result<(), PrintError> {
        let outer = self.indent;
        self.increase_indent(false);
        let mut entries: Vec<(&String, &Value)> = map.iter().collect();
        order::sort(&mut entries, |(key, _)| key.as_str(), self.style.is_v3());
        for (key, value) in entries {
            self.write_indent();
            let analysis = analyze(key, self.style.is_v3());
            if !analysis.multiline && key.len() <= 128 {
                self.scalar(key, Self::wanted_style(key), analysis, Context::SimpleKey);
                self.write_indicator(":", false, false, false);
            } else {
                self.write_indicator("?", true, false, true);
                self.scalar(key, Self::wanted_style(key), analysis, Context::Entry);
                self.write_indent();
                self.write_indicator(":", true, false, true);
            }
            self.node(value, Context::Entry, depth + 1)?;
        }
        self.indent = outer;
        Ok(())
    }

    /// The next level. The outermost collection is at column 0, a scalar without one is not.
    fn increase_indent(&mut self, scalar: bool) {
        self.indent = Some(match self.indent {
            None if !scalar => 0,
            indent => indent.unwrap_or(0) + INDENT,
        });
    }

    fn bare(&mut self, text: &str, context: Context) {
        let analysis = Analysis {
            multiline: false,
            plain: true,
            single_quoted: true,
            block: false,
        };
        self.scalar(text, ScalarStyle::Plain, analysis, context);
    }

    fn string(&mut self, text: &str, context: Context) {
        self.scalar(
            text,
            Self::wanted_style(text),
            analyze(text, self.style.is_v3()),
            context,
        );
    }

    /// The style that go-yaml's encoder asks for (`stringv`): v3 also quotes what YAML 1.1 took for booleans, so both come to the same.
    fn wanted_style(text: &str) -> ScalarStyle {
        if text.contains('\n') {
            ScalarStyle::Literal
        } else if is_plain_text(text, Schema::V2)
            && is_plain_text(text, Schema::V3)
            && !is_base60(text)
        {
            ScalarStyle::Plain
        } else {
            ScalarStyle::DoubleQuoted
        }
    }

    /// Writes a scalar in `wanted` style, or the next that the text allows (`yaml_emitter_select_scalar_style`).
    fn scalar(&mut self, text: &str, wanted: ScalarStyle, analysis: Analysis, context: Context) {
        let simple_key = context == Context::SimpleKey;
        let mut style = if simple_key && analysis.multiline {
            ScalarStyle::DoubleQuoted
        } else {
            wanted
        };
        if style == ScalarStyle::Plain && (!analysis.plain || (text.is_empty() && simple_key)) {
            style = ScalarStyle::SingleQuoted;
        }
        if style == ScalarStyle::SingleQuoted && !analysis.single_quoted {
            style = ScalarStyle::DoubleQuoted;
        }
        if style == ScalarStyle::Literal && (!analysis.block || simple_key) {
            style = ScalarStyle::DoubleQuoted;
        }
        let outer = self.indent;
        self.increase_indent(true);
        match style {
            ScalarStyle::Plain => self.write_plain(text, !simple_key),
            ScalarStyle::SingleQuoted => self.write_single_quoted(text, !simple_key),
            ScalarStyle::DoubleQuoted => self.write_double_quoted(text, !simple_key),
            ScalarStyle::Literal => self.write_literal(text),
        }
        self.indent = outer;
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn put_break(&mut self) {
        self.out.push('\n');
        self.column = 0;
        if self.style.is_v3() {
            self.indention = true;
        }
    }

    /// Moves to the indentation, on a new line unless this one has only indentation.
    fn write_indent(&mut self) {
        let indent = self.indent.unwrap_or(0);
        if !self.indention || self.column > indent || (self.column == indent && !self.whitespace) {
            self.put_break();
        }
        while self.column < indent {
            self.put(' ');
        }
        self.whitespace = true;
        if !self.style.is_v3() {
            self.indention = true;
        }
    }

    fn write_indicator(
        &mut self,
        indicator: &str,
        needs_space: bool,
        is_space: bool,
        is_indention: bool,
    ) {
        if needs_space && !self.whitespace {
            self.put(' ');
        }
        indicator.chars().for_each(|c| self.put(c));
        self.whitespace = is_space;
        self.indention = self.indention && is_indention;
    }
}

fn float_text(f: f64) -> String {
    match number::format_float(f).as_str() {
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        digits => digits.to_owned(),
    }
}

/// Base 60 numbers of YAML 1.1, which go-yaml never reads but always quotes: `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`.
fn is_base60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let sixtieth =
        |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    whole.contains(':')
        && first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && parts.all(sixtieth)
        && digits(fraction)
}
