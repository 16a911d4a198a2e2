//! Says that a test is not run, and why. libtest shows nothing that a passing test prints, so this goes past it, to standard error.

use std::io::Write as _;

use crate::application::on_spin;

/// Something that the test needs is not installed. Prints `SKIPPED: <test>: <what> is not installed`, which CI counts as a failure.
pub fn not_installed(test: &str, what: &str) {
    say(&format!("SKIPPED: {test}: {what} is not installed"));
}

/// Whether the tests run on the real Spin, for a test that cannot. Then it prints `NOT ON SPIN: <test>: <why>`, which is
/// nobody's fault and counted by nobody.
pub fn not_on_spin(test: &str, why: &str) -> bool {
    if on_spin() {
        say(&format!("NOT ON SPIN: {test}: {why}"));
    }
    on_spin()
}

fn say(line: &str) {
    // libtest captures what the macros print, and no more. One write a line: tests run side by side.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}
