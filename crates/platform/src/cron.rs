//! Ticks of the cron trigger. The stock trigger drops errors silently, so they are logged here.

use crate::answer::Problem;
use crate::log::{self, Level};

/// Runs a tick to its end. What went wrong is logged, and given back for the trigger.
///
/// # Errors
///
/// The tick failed.
pub fn run<T>(
    component: &str,
    tick: impl Future<Output = Result<T, Problem>>,
) -> Result<(), String> {
    match spin_sdk::http::run(tick) {
        Ok(_) => Ok(()),
        Err(problem) => {
            let detail = problem.detail().to_owned();
            let fields = [("error", detail.as_str().into())];
            log::write(Level::Error, component, "tick failed", &fields);
            Err(detail)
        }
    }
}
