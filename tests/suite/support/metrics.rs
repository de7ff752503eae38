//! What /metrics says, read as a collector reads it.

use std::collections::BTreeMap;

/// The samples of one scrape, by name and labels as they are written; and the kind of each family.
#[derive(Debug, Default)]
pub struct Metrics {
    pub text: String,
    pub samples: BTreeMap<String, f64>,
    pub kinds: BTreeMap<String, String>,
}

impl Metrics {
    pub fn of(base: &str) -> Self {
        let answer = reqwest::blocking::get(format!("{base}/metrics")).expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        Self::read(answer.text().expect("a text"))
    }

    fn read(text: String) -> Self {
        let (mut samples, mut kinds) = (BTreeMap::new(), BTreeMap::new());
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("# HELP")) {
            match line.strip_prefix("# TYPE ") {
                Some(declared) => {
                    let (name, kind) = declared.split_once(' ').expect("a name and a kind");
                    assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} is declared twice");
                }
                None => {
                    let (name, value) = line.rsplit_once(' ').expect("a sample");
                    let value = value.parse().expect("a number");
                    assert!(samples.insert(name.to_owned(), value).is_none(), "{name} is there twice");
                }
            }
        }
        Self { text, samples, kinds }
    }

    /// The value of a sample that must be there.
    pub fn value(&self, sample: &str) -> f64 {
        *self.samples.get(sample).unwrap_or_else(|| panic!("no {sample} in\n{}", self.text))
    }

    /// The names that may stand in a query: histograms have three.
    pub fn names(&self) -> Vec<String> {
        let names = self.kinds.iter().flat_map(|(name, kind)| match kind.as_str() {
            "histogram" => ["_bucket", "_sum", "_count"].map(|ending| format!("{name}{ending}")).to_vec(),
            _ => vec![name.clone()],
        });
        names.collect()
    }
}
