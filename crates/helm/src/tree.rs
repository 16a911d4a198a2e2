//! The charts of one rendering: copies of the loaded ones, without the disabled, with aliases and imported values, as Helm's
//! `pkg/chart/v2/util/dependencies.go` leaves them. Never changes the loaded chart.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use gotemplate::{Map, Str, Type, Value};

use crate::chart::Chart;
use crate::error::RenderError;
use crate::metadata::{Dependency, Metadata};
use crate::values::{Work, path_value, table};
use crate::version;

/// A chart of a rendering.
#[derive(Clone)]
pub(crate) struct Node<'c> {
    pub(crate) metadata: Metadata,
    pub(crate) values: Map,
    /// What does not change: templates, files, schema.
    pub(crate) chart: &'c Chart,
    pub(crate) dependencies: Vec<Node<'c>>,
    place: Rc<Place>,
}

/// Where a chart is in the tree, as Helm's objects know it. Helm copies a declared sub-chart and those right below it; what is deeper is shared by all
/// copies, and shows the path of the chart that it was last put below.
struct Place {
    name: String,
    above: RefCell<Option<Rc<Place>>>,
}

impl Place {
    fn new(name: &str) -> Rc<Place> {
        Rc::new(Place {
            name: name.to_owned(),
            above: RefCell::default(),
        })
    }

    fn put_below(&self, above: &Rc<Place>) {
        self.above.replace(Some(Rc::clone(above)));
    }

    fn path(&self) -> String {
        match &*self.above.borrow() {
            Some(above) => format!("{}/charts/{}", above.path(), self.name),
            None => self.name.clone(),
        }
    }
}

impl<'c> Node<'c> {
    pub(crate) fn new(chart: &'c Chart, work: &mut Work) -> Result<Node<'c>, RenderError> {
        let below = chart.dependencies.iter();
        let node = Node {
            metadata: chart.metadata.clone(),
            values: work.import(&chart.values)?,
            chart,
            dependencies: below
                .map(|chart| Node::new(chart, work))
                .collect::<Result<_, _>>()?,
            place: Place::new(chart.name()),
        };
        node.link();
        Ok(node)
    }

    /// `ChartFullPath`: the chart's name below those of the charts above it.
    pub(crate) fn path(&self) -> String {
        self.place.path()
    }

    /// `AddDependency`: the charts below learn that they are below this one.
    fn link(&self) {
        for node in &self.dependencies {
            node.place.put_below(&self.place);
        }
    }

    /// How many charts there are, this one too.
    fn count(&self) -> usize {
        1 + self.dependencies.iter().map(Node::count).sum::<usize>()
    }

    /// The declared sub-charts that `charts/` does not hold (`CheckDependencies`).
    pub(crate) fn missing(&self) -> Vec<String> {
        let loaded: HashSet<&str> = self.dependencies.iter().map(Node::name).collect();
        let declared = self.metadata.dependencies.iter().flatten();
        declared
            .filter(|dependency| !loaded.contains(dependency.name.as_str()))
            .map(|dependency| dependency.name.clone())
            .collect()
    }

    fn name(&self) -> &str {
        &self.metadata.name
    }

    /// `processDependencyEnabled`: aliases, tags and conditions. `path` is where this chart's values are in `values`, with a dot at its end.
    pub(crate) fn enable(
        &mut self,
        values: &Map,
        path: &str,
        work: &mut Work,
    ) -> Result<(), RenderError> {
        let Some(mut declared) = self.metadata.dependencies.take() else {
            return Ok(());
        };
        self.dependencies = self.declared(&mut declared, work)?;
        self.link();
        for dependency in &mut declared {
            dependency.enabled = true;
        }
        let merged = work.coalesce(self, values)?;
        apply_tags(&mut declared, &merged);
        apply_conditions(&mut declared, &merged, path);
        let disabled: HashSet<String> = declared
            .iter()
            .filter(|dependency| !dependency.enabled)
            .map(|dependency| dependency.name.clone())
            .collect();
        self.dependencies
            .retain(|node| !disabled.contains(node.name()));
        declared.retain(|dependency| !disabled.contains(&dependency.name));
        for node in &mut self.dependencies {
            let path = format!("{path}{}.", node.metadata.name);
            node.enable(&merged, &path, work)?;
        }
        self.metadata.dependencies = (!declared.is_empty()).then_some(declared);
        Ok(())
    }

    /// The sub-charts: those that are not declared, then the declared ones in their order, under their aliases.
    fn declared(
        &self,
        declared: &mut [Dependency],
        work: &mut Work,
    ) -> Result<Vec<Node<'c>>, RenderError> {
        let fits = |node: &Node<'c>, dependency: &Dependency| {
            node.metadata.name == dependency.name
                && version::allows(&dependency.version, &node.metadata.version)
        };
        let undeclared = self
            .dependencies
            .iter()
            .filter(|node| !declared.iter().any(|dependency| fits(node, dependency)));
        let mut nodes: Vec<Node<'c>> = undeclared.cloned().collect();
        for dependency in declared {
            let found = self.dependencies.iter().find(|node| fits(node, dependency));
            if let Some(node) = found {
                // Each alias is a whole copy, so that a few levels of them could make any number of charts.
                work.charts(node.count())?;
                let mut node = node.clone();
                if !dependency.alias.is_empty() {
                    node.metadata.name.clone_from(&dependency.alias);
                }
                node.place = Place::new(&node.metadata.name);
                for below in &mut node.dependencies {
                    below.place = Place::new(&below.metadata.name);
                }
                node.link();
                nodes.push(node);
            }
            if !dependency.alias.is_empty() {
                dependency.name.clone_from(&dependency.alias);
            }
        }
        Ok(nodes)
    }

    /// `processDependencyImportValues`: values of sub-charts become defaults of this chart, from the innermost outwards.
    pub(crate) fn import_values(&mut self, work: &mut Work) -> Result<(), RenderError> {
        for node in &mut self.dependencies {
            node.import_values(work)?;
        }
        let Some(declared) = &self.metadata.dependencies else {
            return Ok(());
        };
        let merged = work.merge(self)?;
        let mut imported = Map::new(Type::DICT);
        for dependency in declared {
            for import in &dependency.import_values {
                let Some(child) = table(&merged, &format!("{}.{}", dependency.name, import.child))
                else {
                    continue;
                };
                let mut placed = child;
                if import.parent != "." {
                    for key in import.parent.rsplit('.') {
                        placed = Map::of(Type::DICT, [(Str::from(key), Value::Map(placed))]);
                    }
                }
                work.merge_tables(&imported, &placed)?;
            }
        }
        let values = work.copy(&merged)?;
        imported = work.copy(&imported)?;
        work.merge_tables(&values, &imported)?;
        self.values = values;
        Ok(())
    }
}

/// `processDependencyTags`: off if a tag is off and none is on.
fn apply_tags(declared: &mut [Dependency], values: &Map) {
    let Some(tags) = table(values, "tags") else {
        return;
    };
    for dependency in declared {
        let is = |truth: bool| {
            dependency.tags.iter().any(|tag| {
                matches!(tags.get(tag.as_bytes()), Some(Value::Bool(value)) if value == truth)
            })
        };
        dependency.enabled = is(true) || !is(false);
    }
}

/// `processDependencyConditions`: the first path that leads to a boolean decides.
fn apply_conditions(declared: &mut [Dependency], values: &Map, path: &str) {
    for dependency in declared {
        let paths = dependency.condition.trim().split(',');
        let found = paths
            .filter(|condition| !condition.is_empty())
            .find_map(
                |condition| match path_value(values, &format!("{path}{condition}")) {
                    Some(Value::Bool(value)) => Some(value),
                    _ => None,
                },
            );
        if let Some(enabled) = found {
            dependency.enabled = enabled;
        }
    }
}
