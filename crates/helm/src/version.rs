//! Versions and ranges as Helm compares them, which is Masterminds/semver, which is Sprig's `semverCompare`. Never fails: a bad range allows nothing.

use gotemplate::{Context, Functions, Limits, NoHost, TemplateSet, Value, sprig};

/// Whether this is a version, in the lenient reading (`1.2`, `v1`).
pub(crate) fn is_valid(version: &str) -> bool {
    call("semver", &[version]).is_some()
}

/// Helm's `IsCompatibleRange`.
pub(crate) fn allows(range: &str, version: &str) -> bool {
    matches!(
        call("semverCompare", &[range, version]),
        Some(Value::Bool(true))
    )
}

fn call(name: &str, args: &[&str]) -> Option<Value> {
    thread_local! {
        static SPRIG: std::rc::Rc<Functions> = std::rc::Rc::new(sprig::repeatable());
    }
    let functions = SPRIG.with(std::rc::Rc::clone);
    let set = TemplateSet::new(functions.clone());
    let limits = Limits {
        steps: 100_000,
        ..Limits::default()
    };
    let mut context = Context::bare(&set, &limits, &NoHost);
    let args: Vec<Value> = args.iter().map(|arg| Value::str(*arg)).collect();
    context.call(functions.get(name)?, &args).ok()
}
