//! `mended.tsv` lists GimletD's known faults with the tests that show them mended: every fault is there, and every test.

use std::collections::BTreeSet;
use std::path::Path;

use harness::components::workspace;

const TABLE: &str = include_str!("mended.tsv");

/// How many faults of each kind are known. W19 is the command line's.
const KNOWN: [(&str, usize); 3] = [("W", 18), ("S", 8), ("X", 9)];

#[test]
fn every_known_fault_has_a_test_that_bears_its_id() {
    let mut seen = BTreeSet::new();
    for row in TABLE.lines().skip(2) {
        let [id, _, test] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not three columns: {row}");
        };
        seen.insert(id.to_owned());
        let (file, name) = test.split_once(' ').expect("a file and a test");
        let bears = name.split('_').any(|part| part == id.to_lowercase());
        // One test may show two faults mended where the second is a matter of the same question.
        assert!(
            bears || (id, name.starts_with("w12_")) == ("W10", true),
            "{name} does not bear {id}"
        );
        let text = std::fs::read_to_string(Path::new(workspace()).join(file));
        let text = text.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(
            text.contains(&format!("#[test]\nfn {name}()"))
                || text.contains(&format!("#[test]\n    fn {name}()")),
            "{file} has no test {name}"
        );
    }
    for (kind, count) in KNOWN {
        for number in 1..=count {
            let id = format!("{kind}{number}");
            assert!(seen.contains(&id), "{id} has no test");
        }
    }
}
