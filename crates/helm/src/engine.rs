//! Renders the templates of a tree of charts, as Helm's `pkg/engine/engine.go`. One budget holds for all of them together.

use std::collections::BTreeMap;
use std::rc::Rc;

use gotemplate::{Context, Functions, Host, Limit, Map, MissingKey, Str, TemplateSet, Type, Value};

use crate::capabilities::Capabilities;
use crate::error::RenderError;
use crate::files::Files;
use crate::functions::{self, SET, without_no_value};
use crate::tree::Node;
use crate::values::table;
use crate::{ReleaseOptions, failure};

/// `common.Values`, the type of a template's dot.
const VALUES: Type = Type::Named("common.Values", &Type::DICT);

/// A template with the dot that it is given.
struct Renderable<'c> {
    text: &'c [u8],
    scope: Map,
    base_path: Rc<str>,
}

/// All templates, by their paths, with what they were rendered to; partials are left out.
pub(crate) fn render(
    root: &Node<'_>,
    values: &Map,
    capabilities: Capabilities,
    release: &ReleaseOptions,
    sprig: Functions,
    limits: &gotemplate::Limits,
    host: &dyn Host,
) -> Result<BTreeMap<String, Vec<u8>>, RenderError> {
    let mut templates = BTreeMap::new();
    let top = Map::new(Type::DICT);
    for (key, value) in [
        ("Release", release_value(release)),
        ("Capabilities", Value::Object(Rc::new(capabilities))),
        ("Values", Value::Map(values.view(VALUES))),
    ] {
        let _set = top.set(Str::from(key), value);
    }
    collect(root, &top, true, &mut templates);

    let mut functions = sprig;
    functions::add(&mut functions);
    let mut set = TemplateSet::new(functions)
        .named(SET)
        .missing_key(MissingKey::Zero);
    let order = order(&templates);
    for &(name, template) in &order {
        set.parse(name, template.text)
            .map_err(|error| failure::of_parsing(name, error))?;
    }
    let mut context = Context::bare(&set, limits, host);
    let mut rendered = BTreeMap::new();
    let mut total = 0usize;
    for (name, template) in order {
        if is_partial(name) {
            continue;
        }
        let about = Map::of(
            VALUES,
            [
                ("Name", Value::str(name)),
                ("BasePath", Value::str(&*template.base_path)),
            ],
        );
        let _set = template.scope.set(Str::from("Template"), Value::Map(about));
        let dot = Value::Map(template.scope.view(VALUES));
        let text = context.execute(name, dot).map_err(failure::of_executing)?;
        let text = without_no_value(text);
        total = total.saturating_add(text.len());
        if total > limits.output {
            return Err(RenderError::Limit {
                template: name.to_owned(),
                limit: Limit::Output(limits.output),
            });
        }
        rendered.insert(name.to_owned(), text);
    }
    Ok(rendered)
}

/// Whether a template is only there to be included by others.
pub(crate) fn is_partial(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with('_'))
}

/// The order in which Helm parses and renders: deepest paths first, then backwards by name.
fn order<'t, 'c>(
    templates: &'t BTreeMap<String, Renderable<'c>>,
) -> Vec<(&'t str, &'t Renderable<'c>)> {
    let mut order: Vec<_> = templates
        .iter()
        .map(|(name, template)| (name.matches('/').count(), name.as_str(), template))
        .collect();
    order.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)));
    order
        .into_iter()
        .map(|(_, name, template)| (name, template))
        .collect()
}

/// `recAllTpls`: the templates of a chart and of those below it, each with its chart's scope.
fn collect<'c>(
    node: &Node<'c>,
    above: &Map,
    root: bool,
    templates: &mut BTreeMap<String, Renderable<'c>>,
) -> Map {
    let above_values = match above.get(b"Values") {
        Some(Value::Map(values)) => values,
        _ => Map::new(VALUES),
    };
    let values = if root {
        above_values
    } else {
        let below = table(&above_values, &node.metadata.name);
        below.unwrap_or_else(|| Map::new(VALUES)).view(VALUES)
    };
    let sub_charts = Map::new(Type::DICT);
    let scope = Map::of(
        Type::DICT,
        [
            ("Chart", node.metadata.to_template(root)),
            (
                "Files",
                Value::Object(Rc::new(Files::new(&node.chart.files))),
            ),
            ("Release", above.get(b"Release").unwrap_or_default()),
            (
                "Capabilities",
                above.get(b"Capabilities").unwrap_or_default(),
            ),
            ("Values", Value::Map(values)),
            ("Subcharts", Value::Map(sub_charts.clone())),
        ],
    );
    for dependency in &node.dependencies {
        let name = &dependency.metadata.name;
        let below = collect(dependency, &scope, false, templates);
        let _set = sub_charts.set(Str::from(name.as_str()), Value::Map(below));
    }
    let path = node.path();
    let library = node.metadata.kind.eq_ignore_ascii_case("library");
    let base_path: Rc<str> = format!("{path}/templates").into();
    for template in &node.chart.templates {
        if library && !is_partial(&template.name) {
            continue;
        }
        let renderable = Renderable {
            text: &template.data,
            scope: scope.clone(),
            base_path: base_path.clone(),
        };
        templates.insert(format!("{path}/{}", template.name), renderable);
    }
    scope
}

fn release_value(release: &ReleaseOptions) -> Value {
    Value::dict([
        ("Name", Value::str(release.name.as_str())),
        ("Namespace", Value::str(release.namespace.as_str())),
        ("IsUpgrade", Value::Bool(release.is_upgrade)),
        ("IsInstall", Value::Bool(!release.is_upgrade)),
        ("Revision", Value::int(i64::from(release.revision))),
        ("Service", Value::str("Helm")),
    ])
}
