//! What the figures were measured on. No name of a host: only what decides about speed.

use std::fs;

use crate::table;

/// The value of the first line that begins with `key`.
fn field(text: &str, key: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

/// How many threads run at once.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Prints processor, memory and system.
pub(crate) fn print() {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let unknown = || "not known".to_owned();
    let family = |key: &str| field(&cpu, key).unwrap_or_else(unknown);
    let flags = field(&cpu, "flags").or_else(|| field(&cpu, "Features")).unwrap_or_default();
    let sha = if flags.split(' ').any(|flag| flag == "sha_ni" || flag == "sha2") { "has" } else { "has no" };
    let kib = field(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok()).unwrap_or(0);
    let load = read("/proc/loadavg");
    println!("counterfoil {}, {}", env!("CARGO_PKG_VERSION"), if cfg!(debug_assertions) { "debug" } else { "release" });
    println!(
        "{} (family {}, model {}), {} cores, {sha} SHA instructions; {} memory; {}-{}; load before {}",
        family("model name"),
        family("cpu family"),
        family("model\t"),
        cores(),
        table::bytes(kib * 1024),
        std::env::consts::OS,
        std::env::consts::ARCH,
        load.split(' ').next().unwrap_or("not known"),
    );
}
