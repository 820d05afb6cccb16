//! Programs under measurement: seconds and peak memory of a whole process.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// What a process took.
pub(crate) struct Took {
    /// Wall time.
    pub(crate) seconds: f64,
    /// Most memory that was resident at once, in bytes: the kernel's own high-water mark.
    pub(crate) resident_max: u64,
    /// Most of it that belonged to no file, sampled every few milliseconds: without page cache that is mapped.
    pub(crate) anonymous_max: u64,
    /// Time of all its threads together, user and system, as far as it was sampled.
    pub(crate) cpu_seconds: f64,
    /// What it printed.
    pub(crate) output: String,
    /// What it told on standard error.
    pub(crate) remarks: String,
}

/// Runs a command to its end, which must be a success.
pub(crate) fn run(program: &Path, arguments: &[String]) -> anyhow::Result<Took> {
    run_to(program, arguments, &[0])
}

/// Runs a command to its end, which must be one of these exit codes.
pub(crate) fn run_to(program: &Path, arguments: &[String], ends: &[i32]) -> anyhow::Result<Took> {
    let began = Instant::now();
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().with_context(|| program.display().to_string())?;
    let (status, stat) = (format!("/proc/{}/status", process.id()), format!("/proc/{}/stat", process.id()));
    let (mut resident_max, mut anonymous_max, mut cpu_seconds) = (0, 0, 0.0_f64);
    while process.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        resident_max = resident_max.max(kibibytes(&text, "VmHWM:"));
        anonymous_max = anonymous_max.max(kibibytes(&text, "RssAnon:"));
        cpu_seconds = cpu_seconds.max(processor_seconds(&fs::read_to_string(&stat).unwrap_or_default()));
        // short runs are sampled often, long ones are not slowed down
        std::thread::sleep(Duration::from_micros(if began.elapsed().as_secs() < 1 { 200 } else { 5_000 }));
    }
    let seconds = began.elapsed().as_secs_f64();
    let output = process.wait_with_output()?;
    if !output.status.code().is_some_and(|code| ends.contains(&code)) {
        bail!("{} {}: {}", program.display(), arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (output, remarks) = (text(&output.stdout), text(&output.stderr));
    Ok(Took { seconds, resident_max, anonymous_max, cpu_seconds, output, remarks })
}

/// User and system time, in the ticks of a hundredth of a second that Linux shows everywhere.
pub(crate) fn processor_seconds(stat: &str) -> f64 {
    // the name in parentheses may hold anything; behind it are numbers
    let rest = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks: u64 = rest.split(' ').skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

fn kibibytes(status: &str, key: &str) -> u64 {
    let value = status.lines().find_map(|line| line.strip_prefix(key));
    value.and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}
