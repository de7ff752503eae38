//! The invariants of the parsers, held against the seeds of the fuzzer and what it has found.

mod invariants;

use std::fs;
use std::path::{Path, PathBuf};

fn seeds(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let found = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    found.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn every_seed_keeps_the_invariants() {
    for (target, hold) in invariants::ALL {
        let seeds = seeds(target);
        assert!(seeds.len() >= 10, "{target} has {} seeds", seeds.len());
        for seed in seeds {
            let bytes = fs::read(&seed).expect("a seed");
            // The name of the seed stands in the output when it panics.
            println!("{}", seed.display());
            hold(&bytes);
        }
    }
}

#[test]
fn every_target_has_its_program() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
    let manifest = fs::read_to_string(programs.with_file_name("Cargo.toml")).expect("the manifest");
    let found = fs::read_dir(&programs).expect("the programs").count();
    assert_eq!(found, invariants::ALL.len());
    for (target, _) in invariants::ALL {
        let program = fs::read_to_string(programs.join(format!("{target}.rs"))).expect("a program");
        assert!(program.contains(&format!("invariants::{target}(data)")), "{target}");
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target}");
    }
}
