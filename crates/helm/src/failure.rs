//! The errors of templates in Helm's words (`reformatExecErrorMsg` and `cleanupParseError` of its `pkg/engine`). Never changes what an error says,
//! only how it is laid out.

use gotemplate::{ExecError, ParseError};

use crate::error::RenderError;
use crate::functions::{WARN_END, WARN_START};

/// A template that does not parse.
pub(crate) fn of_parsing(template: &str, error: ParseError) -> RenderError {
    let message = match error {
        ParseError::Syntax(message) => message,
        ParseError::Limit {
            template,
            line,
            limit,
        } => {
            return RenderError::Limit {
                template: format!("{template}:{line}"),
                limit,
            };
        }
    };
    let location = message.split(": ").nth(1);
    let problem = message.rsplit(": ").next().unwrap_or_default();
    RenderError::Template(match location {
        Some(location) => format!("parse error at ({location}): {problem}"),
        None => format!("parse error in ({template}): {message}"),
    })
}

/// A template that failed.
pub(crate) fn of_executing(error: ExecError) -> RenderError {
    let message = match error {
        ExecError::Failed(message) => message,
        ExecError::Limit { location, limit } => {
            return RenderError::Limit {
                template: location,
                limit,
            };
        }
    };
    RenderError::Template(reformat(&message).unwrap_or(message))
}

/// None where Helm leaves an error as Go has it.
fn reformat(message: &str) -> Option<String> {
    let mut tokens = message.splitn(3, ": ");
    let (_, location, rest) = (tokens.next()?, tokens.next()?, tokens.next()?);
    if let Some(start) = rest.find(WARN_START)
        && let Some(warning) = rest.get(start + WARN_START.len()..)
        && let Some(end) = warning.rfind(WARN_END)
    {
        let warning = warning.get(..end)?;
        return Some(format!("execution error at ({location}): {warning}"));
    }
    let mut text = String::new();
    let mut last = None;
    let mut current = Some(message);
    while let Some(error) = current {
        let frame = Frame::parse(error)?;
        if last.as_ref() != Some(&frame) {
            frame.write(&mut text);
        }
        last = Some(frame);
        current = cause(error);
    }
    Some(text.trim().to_owned())
}

/// What an error wraps: that of the function which the template called.
fn cause(error: &str) -> Option<&str> {
    let (_, problem) = error.split_once(" at <")?.1.split_once(">: ")?;
    let (_, cause) = problem.strip_prefix("error calling ")?.split_once(": ")?;
    Some(cause)
}

/// One level of an error.
#[derive(PartialEq, Eq)]
struct Frame<'m> {
    location: &'m str,
    executing: String,
    message: &'m str,
}

impl<'m> Frame<'m> {
    /// None for what is no error of the template engine.
    fn parse(error: &'m str) -> Option<Frame<'m>> {
        let rest = error.strip_prefix("template: ")?;
        let plain = |location, message| Frame {
            location,
            executing: String::new(),
            message,
        };
        if rest.starts_with("no template ") {
            return Some(plain("", error));
        }
        let Some((location, after)) = rest.split_once(": executing ") else {
            let (location, message) = rest.rsplit_once(": ")?;
            return Some(plain(location, message));
        };
        let (name, after) = after.strip_prefix('"')?.split_once('"')?;
        let (context, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        let message = message
            .split_once(" template:")
            .map_or(message, |(before, _)| before);
        Some(Frame {
            location,
            executing: format!("executing \"{name}\" at <{context}>:"),
            message,
        })
    }

    fn write(&self, text: &mut String) {
        for (part, end) in [
            (self.location, "\n  "),
            (self.executing.as_str(), "\n    "),
            (self.message, "\n"),
        ] {
            if !part.is_empty() {
                text.push_str(part);
                text.push_str(end);
            }
        }
    }
}
