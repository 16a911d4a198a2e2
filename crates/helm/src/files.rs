//! `.Files`: a chart's files as templates read them, as Helm's `pkg/engine/files.go`. Gives nothing but what was loaded with the chart.

use std::any::Any;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gotemplate::{Context, FuncError, Map, Object, Signature, Str, Type, Value};

use crate::chart::File;
use crate::functions::yaml;
use crate::glob::Glob;

const FILES: Type = Type::Named("engine.files", &Type::Map(&Type::BYTES));

/// `map[string][]byte` with methods.
pub(crate) struct Files(Map);

impl Files {
    pub(crate) fn new(files: &[File]) -> Files {
        let bytes = |file: &File| Value::Bytes(Rc::from(&*file.data));
        Files(Map::of(
            FILES,
            files.iter().map(|file| (file.name.as_str(), bytes(file))),
        ))
    }

    fn bytes(&self, name: &[u8]) -> Option<Rc<[u8]>> {
        match self.0.get(name) {
            Some(Value::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }

    fn glob(&self, context: &mut Context<'_>, pattern: &str) -> Result<Value, FuncError> {
        let glob = Glob::compile(pattern);
        let mut found = Vec::new();
        for (name, bytes) in self.0.entries() {
            let matches = match &glob {
                Some(glob) => glob.matches(context, &name.to_text())?,
                None => true,
            };
            if matches {
                found.push((name, bytes));
            }
        }
        Ok(Value::Object(Rc::new(Files(Map::of(FILES, found)))))
    }

    /// The YAML map of the files by the last parts of their paths.
    fn by_name(
        &self,
        context: &mut Context<'_>,
        text: impl Fn(&[u8]) -> Vec<u8>,
    ) -> Result<Value, FuncError> {
        let mut entries = Vec::new();
        for (name, value) in self.0.entries() {
            let Value::Bytes(bytes) = value else { continue };
            context.reserve(bytes.len())?;
            let name = name
                .to_text()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned();
            entries.push((name, Value::str(text(&bytes))));
        }
        yaml::to_yaml(context, &Value::Map(Map::of(Type::STRING_MAP, entries)))
    }

    fn lines(&self, context: &mut Context<'_>, name: &[u8]) -> Result<Value, FuncError> {
        let Some(bytes) = self.bytes(name) else {
            return Ok(Value::strings(Vec::<Str>::new()));
        };
        context.step(bytes.len() as u64 / 64)?;
        context.reserve(bytes.len())?;
        // Helm takes off the line break that ends the file.
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
        context.reserve(lines.len() * 32)?;
        Ok(Value::strings(lines))
    }
}

impl Object for Files {
    fn go_type(&self) -> Type {
        FILES
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::Map(self.0.clone()))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Get" | "GetBytes" | "Glob" | "Lines" => Some(Signature::fixed(&[Type::String])),
            "AsConfig" | "AsSecrets" => Some(Signature::fixed(&[])),
            _ => None,
        }
    }

    fn call(
        &self,
        context: &mut Context<'_>,
        name: &str,
        args: &[Value],
    ) -> Result<Value, FuncError> {
        let path = args.first().and_then(Value::as_str);
        let path = path.map(Str::as_bytes).unwrap_or_default();
        match name {
            "Get" => {
                let bytes = self.bytes(path);
                Ok(Value::str(bytes.as_deref().unwrap_or_default()))
            }
            "GetBytes" => Ok(Value::Bytes(self.bytes(path).unwrap_or_default())),
            "Glob" => self.glob(context, &String::from_utf8_lossy(path)),
            "Lines" => self.lines(context, path),
            "AsConfig" => self.by_name(context, <[u8]>::to_vec),
            "AsSecrets" => self.by_name(context, |bytes| STANDARD.encode(bytes).into_bytes()),
            _ => Err(FuncError::new(format!("no method {name}"))),
        }
    }
}
