//! The chain of the audit log: an untouched log verifies, and whatever is done to one is found.

use access::audit::{BEGINNING, Entry, Fault, Head, Row, Verifier};
use proptest::prelude::*;

fn entry(number: u64) -> Entry {
    Entry {
        at_ms: 1_700_000_000_000 + number,
        actor: "ann".to_owned(),
        via: "token t1".to_owned(),
        action: "release".to_owned(),
        outcome: "allowed".to_owned(),
        code: String::new(),
        scope: "environment=staging".to_owned(),
        detail: format!("release {number}"),
        request_id: String::new(),
    }
}

fn log(rows: u64) -> Vec<Row> {
    let mut previous = BEGINNING.to_owned();
    let mut log = Vec::new();
    for seq in 1..=rows {
        let row = Row::following(&previous, seq, entry(seq));
        previous.clone_from(&row.hash);
        log.push(row);
    }
    log
}

/// Verifies a log in the order of its numbers, as it is read from the table.
fn faults(mut rows: Vec<Row>, highest: u64, noted: Option<Head>) -> Vec<Fault> {
    rows.sort_by_key(|row| row.seq);
    let mut verifier = Verifier::after(Head::beginning(), noted);
    for row in &rows {
        verifier.check(row);
    }
    verifier.end(highest);
    verifier.faults().to_vec()
}

fn head(row: &Row) -> Head {
    Head {
        seq: row.seq,
        hash: row.hash.clone(),
    }
}

#[test]
fn an_untouched_log_has_no_fault() {
    assert_eq!(faults(Vec::new(), 0, None), []);
    for rows in [1, 2, 50] {
        let log = log(rows);
        let last = head(&log[log.len() - 1]);
        assert_eq!(faults(log, rows, Some(last)), []);
    }
}

#[test]
fn the_hash_of_a_row_is_pinned() {
    // A change of the encoding would make every log that is out there look forged.
    let row = Row::following(BEGINNING, 1, entry(1));
    assert_eq!(row.hash, PINNED);
}

/// Computed with Python's hashlib from the description of the encoding.
const PINNED: &str = "99929d701e46f88feaa92e2d0f32e0aaaaf5fa19e37a6de7dc967cb048c45a19";

#[test]
fn each_field_is_covered() {
    let changes: [fn(&mut Row); 10] = [
        |row| row.entry.at_ms += 1,
        |row| row.entry.actor.push('x'),
        |row| row.entry.via.push('x'),
        |row| row.entry.action.push('x'),
        |row| row.entry.outcome = "refused".to_owned(),
        |row| row.entry.code.push('x'),
        |row| row.entry.scope.clear(),
        |row| row.entry.detail.push('x'),
        |row| row.entry.request_id.push('x'),
        |row| row.previous.replace_range(0..1, "f"),
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut log = log(5);
        change(&mut log[2]);
        assert_eq!(
            faults(log, 5, None),
            [Fault::Altered { seq: 3 }],
            "{number}"
        );
    }
}

#[test]
fn text_that_moves_from_one_field_to_the_next_is_found() {
    let mut log = log(3);
    let moved = log[1].entry.actor.pop().unwrap();
    log[1].entry.via.insert(0, moved);
    assert_eq!(faults(log, 3, None), [Fault::Altered { seq: 2 }]);
}

#[test]
fn a_row_that_is_computed_anew_no_longer_leads_to_the_next() {
    let mut log = log(5);
    let mut forged = log[2].entry.clone();
    forged.actor = "mallory".to_owned();
    log[2] = Row::following(&log[1].hash, 3, forged);
    assert_eq!(faults(log, 5, None), [Fault::Unlinked { seq: 4 }]);
}

#[test]
fn dropped_rows_are_missing_wherever_they_stood() {
    for (from, to) in [(1, 1), (1, 3), (3, 3), (3, 4), (5, 5), (2, 5)] {
        let mut log = log(5);
        log.retain(|row| row.seq < from || row.seq > to);
        let found = faults(log, 5, None);
        assert_eq!(found[0], Fault::Missing { from, to });
    }
    assert_eq!(
        faults(Vec::new(), 5, None),
        [Fault::Missing { from: 1, to: 5 }]
    );
}

#[test]
fn renumbering_after_a_drop_is_found() {
    let mut log = log(5);
    log.remove(1);
    for (row, seq) in log.iter_mut().zip(1..) {
        row.seq = seq;
    }
    assert_eq!(faults(log, 4, None)[0], Fault::Altered { seq: 2 });
}

#[test]
fn exchanged_rows_are_found() {
    let mut log = log(5);
    let (second, fourth) = (log[1].seq, log[3].seq);
    log[1].seq = fourth;
    log[3].seq = second;
    let found = faults(log, 5, None);
    assert!(
        found.contains(&Fault::Altered { seq: 2 }) && found.contains(&Fault::Altered { seq: 4 })
    );
}

#[test]
fn a_chain_that_was_computed_anew_differs_from_what_was_noted() {
    let honest = log(5);
    let mut forged: Vec<Row> = honest[..2].to_vec();
    for seq in 3..=5 {
        let mut other = entry(seq);
        other.actor = "mallory".to_owned();
        let previous = forged[forged.len() - 1].hash.clone();
        forged.push(Row::following(&previous, seq, other));
    }
    // The chain alone cannot show it.
    assert_eq!(faults(forged.clone(), 5, None), []);
    assert_eq!(
        faults(forged.clone(), 5, Some(head(&honest[3]))),
        [Fault::NotAsNoted { seq: 4 }]
    );
    // A truncated log, numbers and all: the noted row is gone.
    assert_eq!(
        faults(honest[..3].to_vec(), 3, Some(head(&honest[4]))),
        [Fault::NotAsNoted { seq: 5 }]
    );
}

#[test]
fn a_verification_goes_on_where_another_stopped() {
    let log = log(6);
    let mut verifier = Verifier::after(head(&log[2]), Some(head(&log[1])));
    log[3..].iter().for_each(|row| verifier.check(row));
    verifier.end(6);
    assert_eq!(verifier.faults(), []);
    let mut lie = head(&log[2]);
    lie.hash.replace_range(0..1, "f");
    let mut verifier = Verifier::after(lie, Some(head(&log[2])));
    log[3..].iter().for_each(|row| verifier.check(row));
    assert_eq!(
        verifier.faults(),
        [Fault::NotAsNoted { seq: 3 }, Fault::Unlinked { seq: 4 }]
    );
}

proptest! {
    /// Whatever subset of rows is dropped, and whichever row is given another's content: it is found.
    #[test]
    fn every_change_is_found(rows in 2u64..12, keep in proptest::collection::vec(any::<bool>(), 12), copy in any::<prop::sample::Index>(), over in any::<prop::sample::Index>()) {
        let honest = log(rows);
        let mut kept = keep.iter();
        let dropped: Vec<Row> = honest.iter().filter(|_| *kept.next().unwrap()).cloned().collect();
        prop_assert_eq!(faults(dropped.clone(), rows, None).is_empty(), dropped == honest);
        let mut edited = honest.clone();
        let from = copy.index(edited.len());
        let to = over.index(edited.len());
        edited[to] = Row { seq: edited[to].seq, ..honest[from].clone() };
        prop_assert_eq!(faults(edited.clone(), rows, None).is_empty(), edited == honest);
    }
}
