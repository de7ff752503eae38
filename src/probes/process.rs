//! What the system says of this process, under the names that Prometheus' own libraries use. Linux tells it in /proc;
//! elsewhere nothing is said.

use std::fs;

use super::text::Text;

/// Linux counts CPU time for programs in hundredths of a second, whatever its own ticks are.
const TICKS_PER_SECOND: f64 = 100.0;

pub fn describe(text: &mut Text) {
    let (stat, status) = (read("/proc/self/stat"), read("/proc/self/status"));
    let cpu =
        fields(&stat).and_then(|fields| Some((number(fields.get(11)?)? + number(fields.get(12)?)?) / TICKS_PER_SECOND));
    counter(text, "process_cpu_seconds_total", "CPU time used, in seconds.", cpu);
    gauge(text, "process_resident_memory_bytes", "Memory in use.", kib(&status, "VmRSS:"));
    gauge(text, "process_virtual_memory_bytes", "Address space in use.", kib(&status, "VmSize:"));
    let open = fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as f64);
    gauge(text, "process_open_fds", "Open files and connections.", open);
    gauge(text, "process_max_fds", "How many there may be.", most_files(&read("/proc/self/limits")));
    gauge(text, "process_threads", "Threads.", after(&status, "Threads:").and_then(|word| word.parse().ok()));
    let began = fields(&stat).and_then(|fields| number(fields.get(19)?)).and_then(|ticks| {
        let booted: f64 = after(&read("/proc/stat"), "btime")?.parse().ok()?;
        Some(booted + ticks / TICKS_PER_SECOND)
    });
    gauge(text, "process_start_time_seconds", "When the process began.", began);
}

fn gauge(text: &mut Text, name: &str, help: &str, value: Option<f64>) {
    if let Some(value) = value {
        text.gauge(name, help, &[("", value)]);
    }
}

fn counter(text: &mut Text, name: &str, help: &str, value: Option<f64>) {
    if let Some(value) = value {
        text.counter(name, help, &[("", value)]);
    }
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// The fields of /proc/self/stat after the program's name, which may hold anything: the third of the manual is the first.
fn fields(stat: &str) -> Option<Vec<&str>> {
    Some(stat.rsplit_once(") ")?.1.split(' ').collect())
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// The first word of the line that begins so, after its beginning.
fn after<'t>(text: &'t str, beginning: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(beginning))?.split_whitespace().next()
}

fn kib(status: &str, name: &str) -> Option<f64> {
    Some(number(after(status, name)?)? * 1024.0)
}

/// The soft limit; nothing where there is none.
fn most_files(limits: &str) -> Option<f64> {
    number(after(limits, "Max open files")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_writes_is_read() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 4200 1000 20";
        let fields = fields(stat).unwrap();
        assert_eq!((fields[11], fields[12], fields[19]), ("250", "50", "4200"));
        assert_eq!(kib("Name:\tx\nVmRSS:\t   12 kB\n", "VmRSS:"), Some(12_288.0));
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files\n";
        assert_eq!(most_files(limits), Some(1_024.0));
        assert_eq!(most_files("Max open files  unlimited  unlimited  files"), None);
    }
}
