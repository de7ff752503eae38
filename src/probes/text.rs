//! Prometheus' text format, for values that are read when they are asked for.

use std::fmt::Write;

#[derive(Default)]
pub struct Text(String);

impl Text {
    /// A value that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, samples: &[(&str, f64)]) {
        self.family(name, "gauge", help, samples);
    }

    /// A value that only grows as long as the process runs, or for good.
    pub fn counter(&mut self, name: &str, help: &str, samples: &[(&str, f64)]) {
        self.family(name, "counter", help, samples);
    }

    /// Of each sample its labels, as they are written in braces, and its value. Labels come from this program, so nothing in them
    /// needs escaping.
    fn family(&mut self, name: &str, kind: &str, help: &str, samples: &[(&str, f64)]) {
        if samples.is_empty() {
            return;
        }
        // Writing into a String can't fail.
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}").ok();
        for (labels, value) in samples {
            match labels.is_empty() {
                true => writeln!(self.0, "{name} {value}").ok(),
                false => writeln!(self.0, "{name}{{{labels}}} {value}").ok(),
            };
        }
        self.0.push('\n');
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_says_what_it_is() {
        let mut text = Text::default();
        text.gauge("up", "Whether it is.", &[("", 1.0)]);
        text.counter("runs_total", "How often.", &[("job=\"purge\"", 2.0), ("job=\"mail\"", 0.5)]);
        text.gauge("nothing", "Without samples.", &[]);
        let wanted = "# HELP up Whether it is.\n# TYPE up gauge\nup 1\n\n\
                      # HELP runs_total How often.\n# TYPE runs_total counter\n\
                      runs_total{job=\"purge\"} 2\nruns_total{job=\"mail\"} 0.5\n\n";
        assert_eq!(text.into_string(), wanted);
    }
}
