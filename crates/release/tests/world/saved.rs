//! A world as it was at some moment, to which it can be taken back: filling one anew takes longer than what then happens in it.

use std::collections::BTreeMap;

use gitwire::CommitId;

use super::World;
use super::ledger::Ledger;
use super::random::Random;

/// A moment of a world in which nothing was on its way.
pub(crate) struct Saved {
    random: Random,
    now_ms: u64,
    steps: u64,
    store: BTreeMap<String, Vec<u8>>,
    tips: BTreeMap<String, Option<CommitId>>,
    kept: BTreeMap<String, (CommitId, Vec<u8>)>,
    ledger: Ledger,
    failed_renders: BTreeMap<String, usize>,
}

impl World {
    /// Saves this moment; the one before can be had no more.
    pub(crate) fn save(&self) -> Saved {
        self.connection.execute_batch("SAVEPOINT saved").unwrap();
        let servers = self.git.borrow();
        let tips = servers
            .iter()
            .map(|(url, server)| (url.clone(), server.tip));
        Saved {
            random: self.random.clone(),
            now_ms: self.now_ms.get(),
            steps: self.steps.get(),
            store: self.store.borrow().clone(),
            tips: tips.collect(),
            kept: self.kept.borrow().clone(),
            ledger: self.ledger.borrow().clone(),
            failed_renders: self.failed_renders.borrow().clone(),
        }
    }

    pub(crate) fn back_to(&self, saved: &Saved) {
        self.connection.execute_batch("ROLLBACK TO saved").unwrap();
        for (url, tip) in &saved.tips {
            self.git.borrow_mut().get_mut(url).unwrap().back_to(*tip);
        }
        self.random.set(&saved.random);
        self.now_ms.set(saved.now_ms);
        self.steps.set(saved.steps);
        self.store.borrow_mut().clone_from(&saved.store);
        self.kept.borrow_mut().clone_from(&saved.kept);
        self.ledger.borrow_mut().clone_from(&saved.ledger);
        self.failed_renders
            .borrow_mut()
            .clone_from(&saved.failed_renders);
        self.killed.set(false);
        self.push_fate.set(None);
    }
}
