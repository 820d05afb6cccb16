//! Tables as Markdown, so that a run can be put into a document.

/// Prints a heading and the head of a table.
pub(crate) fn head(title: &str, columns: &[&str]) {
    println!("\n### {title}\n");
    println!("| {} |", columns.join(" | "));
    println!("|{}", "---|".repeat(columns.len()));
}

/// Prints one line.
pub(crate) fn line(cells: &[String]) {
    println!("| {} |", cells.join(" | "));
}

/// Three significant digits and a unit of a thousand.
pub(crate) fn short(value: f64) -> String {
    let (scaled, unit) = match value {
        value if value >= 1e9 => (value / 1e9, " G"),
        value if value >= 1e6 => (value / 1e6, " M"),
        value if value >= 1e3 => (value / 1e3, " k"),
        value => (value, ""),
    };
    let decimals = if scaled >= 100.0 { 0 } else { usize::from(scaled < 10.0) + 1 };
    format!("{scaled:.decimals$}{unit}")
}

/// A count with its thousands apart.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// How many times, or how large a share.
pub(crate) fn times(ratio: f64) -> String {
    if ratio >= 10.0 { format!("{ratio:.0} ×") } else { format!("{ratio:.2} ×") }
}

/// A share of a ceiling.
pub(crate) fn share(ratio: f64) -> String {
    format!("{:.0} %", ratio * 100.0)
}

/// A time with a fitting unit.
pub(crate) fn seconds(value: f64) -> String {
    match value {
        value if value < 1e-3 => format!("{:.1} µs", value * 1e6),
        value if value < 1.0 => format!("{:.1} ms", value * 1e3),
        value => format!("{value:.2} s"),
    }
}

/// Bytes in binary units.
pub(crate) fn bytes(value: u64) -> String {
    let value = value as f64;
    match value {
        value if value >= 1_073_741_824.0 => format!("{:.2} GiB", value / 1_073_741_824.0),
        value if value >= 1_048_576.0 => format!("{:.1} MiB", value / 1_048_576.0),
        value => format!("{:.1} KiB", value / 1024.0),
    }
}
