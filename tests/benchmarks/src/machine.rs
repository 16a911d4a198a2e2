//! The machine that the figures are of, and what else it was doing: without that, no figure can be compared.

use std::process::Command;

use std::time::Duration;

use anyhow::{Context, Result};

/// Date, cores, versions and load, in a sentence each.
pub(crate) fn describe() -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
    let git = Command::new("git").arg("--version").output()?.stdout;
    let git = String::from_utf8_lossy(&git).trim().to_owned();
    let host = match harness::application::on_spin() {
        true => "Spin",
        false => "the local host",
    };
    let load = load()?;
    Ok(format!(
        "{now}; {cores} cores; {git}; the application on {host}, loopback. Before: {load}"
    ))
}

/// The load averages, which say whether anything else was running.
pub(crate) fn load() -> Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg").context("cannot read the load")?;
    let averages: Vec<&str> = text.split(' ').take(3).collect();
    Ok(format!("load {} (1, 5, 15 minutes).", averages.join(", ")))
}

/// Forgets the peak of a process's memory, so that the next look tells the peak since now.
pub(crate) fn forget_peak_memory(process: u32) {
    // proc_pid_clear_refs(5): 5 resets the peak resident set size. Where it cannot be, the peak is that since the start.
    let _ = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
}

/// The peak of a process's resident memory, in bytes.
pub(crate) fn peak_memory(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))
        .context("cannot read the process's status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    Ok(kibibytes.context("no peak in the process's status")? * 1024)
}

/// The processor time that a process has taken since its start, in steps of 10 ms (proc_pid_stat(5): utime and stime).
pub(crate) fn processor_time(process: u32) -> Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))
        .context("cannot read the process's times")?;
    // The second field is the name, in parentheses, and may hold anything.
    let (_, fields) = text
        .rsplit_once(')')
        .context("no name in the process's times")?;
    let times = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = times.filter_map(|time| time.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}
