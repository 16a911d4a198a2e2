//! What really happened, read off the commits that the server accepted, and the invariants that must hold at every step.

use std::collections::{BTreeMap, BTreeSet};

use gitwire::{CommitId, EntryKind, ObjectId, Objects, TreeId};

use super::World;
use super::git_server::GitServer;

/// A request whose commit is in a branch.
#[derive(Debug, Clone)]
pub(crate) struct Landing {
    pub(crate) commit: CommitId,
    /// The URL, the environment and the app.
    pub(crate) place: String,
    pub(crate) id: String,
    /// None for a deletion.
    pub(crate) artifact: Option<String>,
    pub(crate) triggered_by: String,
    pub(crate) kind: Kind,
}

/// What a commit does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Release,
    /// Goes back to this commit.
    Rollback(String),
    Delete,
}

impl Landing {
    /// What the message of a commit says.
    fn read(commit: CommitId, url: &str, message: &str) -> Self {
        let trailer = |name: &str| {
            let mut lines = message.lines();
            lines.find_map(|line| {
                line.strip_prefix(name)?
                    .strip_prefix(": ")
                    .map(str::to_owned)
            })
        };
        let (marker, rest) = message.split_once("] ").unwrap();
        let path = rest.split(' ').next().unwrap();
        let kind = match trailer("Rolled-Back-To") {
            Some(target) => Kind::Rollback(target),
            None if marker == "[GimletD delete" => Kind::Delete,
            None => Kind::Release,
        };
        Self {
            commit,
            place: format!("{url} {path}"),
            id: trailer("Release-Id").unwrap(),
            artifact: trailer("Artifact-Id"),
            triggered_by: trailer("Triggered-By").unwrap(),
            kind,
        }
    }

    pub(crate) fn is_policy_release(&self) -> bool {
        self.kind == Kind::Release && self.triggered_by == "policy"
    }
}

#[derive(Default, Clone)]
pub(crate) struct Ledger {
    pub(crate) landed: BTreeMap<String, Landing>,
    /// By place: requests in the order in which they landed.
    order: BTreeMap<String, Vec<String>>,
    /// By request: how it came into the queue.
    queued: BTreeMap<String, Queued>,
    /// By request: its status and commit, once it ended.
    ended: BTreeMap<String, (String, String)>,
    /// Requests that ended as errors and were asked for again.
    asked_again: BTreeSet<String>,
    /// By artifact: the steps at which shipping it began and was acknowledged.
    pub(crate) shipped: BTreeMap<String, (u64, u64)>,
}

/// How a request came into the queue, in steps of the schedule.
#[derive(Clone)]
struct Queued {
    arrival_ms: i64,
    row: u64,
    announced: Option<u64>,
}

impl Ledger {
    /// There is a row: a flush may see the request from now on.
    pub(super) fn has_row(&mut self, id: String, arrival_ms: i64, step: u64) {
        self.queued.entry(id).or_insert(Queued {
            arrival_ms,
            row: step,
            announced: None,
        });
    }

    /// A key announces the request: whoever asked for it may be told from now on.
    pub(super) fn announced(&mut self, id: &str, step: u64) {
        let queued = self.queued.get_mut(id).expect("keys come after rows");
        queued.announced.get_or_insert(step);
    }

    /// Commits that were accepted with one push, in order.
    pub(super) fn landed(&mut self, server: &GitServer, url: &str, commits: &[CommitId]) {
        for id in commits {
            let commit = server.objects().commit(*id).unwrap();
            let message = String::from_utf8(commit.message.clone()).unwrap();
            let landing = Landing::read(*id, url, &message);
            let path = landing.place.rsplit(' ').next().unwrap().to_owned();
            let parent = commit.parents.first();
            let before = parent.map_or(TreeId::EMPTY, |parent| {
                server.objects().commit(*parent).unwrap().tree
            });
            changes_one_app(server.objects(), before, commit.tree, &path);
            self.leaves_the_right_folder(server, &landing, commit.tree);
            self.one_landed(landing);
        }
    }

    /// A rollback leaves what its target left, a deletion nothing.
    fn leaves_the_right_folder(&self, server: &GitServer, landing: &Landing, after: TreeId) {
        let objects = server.objects();
        let path = landing.place.rsplit(' ').next().unwrap();
        let (env, app) = path.split_once('/').unwrap();
        let folder = |root: TreeId| {
            let whole = [env.as_bytes(), app.as_bytes()];
            let path = match landing.place.contains("acme/prod") {
                true => &whole[1..],
                false => &whole[..],
            };
            objects.subtree(root, path).unwrap()
        };
        match &landing.kind {
            Kind::Release => assert!(folder(after).is_some()),
            Kind::Delete => assert_eq!(folder(after), None, "{landing:?}"),
            Kind::Rollback(target) => {
                let target = objects.commit(target.parse().unwrap()).unwrap().tree;
                assert_eq!(folder(after), folder(target), "{landing:?}");
            }
        }
    }

    /// Rollbacks of a place that landed before this release, and which no release by hand followed.
    pub(crate) fn rollbacks_before(&self, landing: &Landing) -> Vec<String> {
        let order = &self.order[&landing.place];
        let before = order.iter().take_while(|id| **id != landing.id);
        let mut rollbacks = Vec::new();
        for earlier in before.map(|id| &self.landed[id]) {
            match earlier.kind {
                Kind::Rollback(_) => rollbacks.push(earlier.id.clone()),
                Kind::Release if earlier.triggered_by != "policy" => rollbacks.clear(),
                _ => {}
            }
        }
        rollbacks
    }

    fn one_landed(&mut self, landing: Landing) {
        let id = landing.id.clone();
        let place = landing.place.clone();
        if let Some(before) = self.landed.insert(id.clone(), landing) {
            panic!("{id} was committed twice, first as {}", before.commit);
        }
        let earlier = self.order.entry(place.clone()).or_default();
        earlier.push(id.clone());
        let overtook = self.order[&place]
            .iter()
            .find(|other| self.came_before(&id, other));
        if let Some(other) = overtook {
            panic!("in {place}, {other} overtook {id}, which came before it");
        }
    }

    /// Whether it is certain that request `a` came before request `b` of the same place.
    pub(crate) fn came_before(&self, a: &str, b: &str) -> bool {
        let again = |id: &str| self.asked_again.contains(id);
        if a == b || again(a) || again(b) {
            return false;
        }
        let queued = match (self.queued.get(a), self.queued.get(b)) {
            (Some(before), Some(after)) => {
                before.announced.is_some_and(|step| step < after.row)
                    && (before.arrival_ms, a) < (after.arrival_ms, b)
            }
            _ => false,
        };
        queued || self.shipped_before(a, b)
    }

    /// Two policies' requests: whether the artifact of the one was acknowledged before that of the other was sent.
    fn shipped_before(&self, a: &str, b: &str) -> bool {
        let shipped = |id: &str| {
            let landing = self
                .landed
                .get(id)
                .filter(|landing| landing.is_policy_release())?;
            self.shipped.get(landing.artifact.as_ref()?)
        };
        match (shipped(a), shipped(b)) {
            (Some((_, acknowledged)), Some((began, _))) => acknowledged < began,
            _ => false,
        }
    }
}

/// A commit changes its app's folder and the environment's release record, and nothing else.
fn changes_one_app(objects: &Objects, before: TreeId, after: TreeId, path: &str) {
    let (env, app) = path.split_once('/').unwrap();
    let entries = |tree: TreeId| -> BTreeMap<Vec<u8>, (EntryKind, ObjectId)> {
        let entries = objects.tree(tree).unwrap().into_iter();
        entries
            .map(|entry| (entry.name, (entry.kind, entry.id)))
            .collect()
    };
    let differ = |before: TreeId, after: TreeId| -> BTreeSet<Vec<u8>> {
        let (before, after) = (entries(before), entries(after));
        let names = before.keys().chain(after.keys());
        let differ = names.filter(|name| before.get(*name) != after.get(*name));
        differ.cloned().collect()
    };
    let own = |name: &[u8]| name == app.as_bytes() || name == b"release.json";
    let changed = differ(before, after);
    assert!(!changed.is_empty(), "{path}: a commit changes nothing");
    if changed.iter().all(|name| own(name)) {
        return; // The repository of one environment.
    }
    assert!(
        changed.iter().all(|name| name == env.as_bytes()),
        "{path}: a commit changes something beside its environment"
    );
    let folder = |root| {
        objects
            .subtree(root, &[env.as_bytes()])
            .unwrap()
            .unwrap_or(TreeId::EMPTY)
    };
    let changed = differ(folder(before), folder(after));
    assert!(
        changed.iter().all(|name| own(name)),
        "{path}: a commit changes something beside its app"
    );
}

impl World {
    /// No policy's release lands behind a rollback whose hold is in force, unless somebody has asked for a release since.
    pub(super) fn check_holds(&self, commits: &[CommitId]) {
        let ledger = self.ledger.borrow();
        let landed = ledger.landed.values();
        for landing in landed.filter(|landing| commits.contains(&landing.commit)) {
            if !landing.is_policy_release() {
                continue;
            }
            for rollback in ledger.rollbacks_before(landing) {
                let certain = self.sql(
                    "SELECT h.id FROM holds AS h WHERE h.id = ?1 AND h.lifted IS NULL AND NOT EXISTS (
                        SELECT 1 FROM requests AS m WHERE m.env = h.env AND m.app = h.app AND m.kind = 'release'
                            AND m.triggered_by <> 'policy' AND m.created > h.created)",
                    &[rollback.as_str().into()],
                );
                assert!(
                    certain.is_empty(),
                    "{landing:?} landed although {rollback} holds it"
                );
            }
        }
    }

    /// No push may be about to do what the tip that it stands on holds already.
    pub(super) fn check_intent(&self, body: &str) {
        let intent: serde_json::Value = serde_json::from_str(body).unwrap();
        let old = intent["old"].as_str().map(|old| old.parse().unwrap());
        let servers = self.git.borrow();
        let below = servers[intent["url"].as_str().unwrap()].since(old, None);
        let ledger = self.ledger.borrow();
        for outcome in intent["outcomes"].as_array().unwrap() {
            let id = outcome["id"].as_str().unwrap();
            if let Some(landing) = ledger.landed.get(id) {
                let landed = &landing.commit;
                assert!(
                    !below.contains(landed),
                    "{id} is taken up although it landed as {landed}"
                );
            }
        }
    }

    /// What the database says of ended requests must be true, and stay.
    pub(crate) fn check_requests(&self) {
        let mut ledger = self.ledger.borrow_mut();
        let rows = self.sql(
            "SELECT id, status, gitops_ref, triggered_by FROM requests",
            &[],
        );
        let mut now: BTreeMap<String, (String, String)> = BTreeMap::new();
        for row in rows {
            let [id, status, commit, by] = &row[..] else {
                unreachable!()
            };
            if status != "new" {
                now.insert(id.clone(), (status.clone(), commit.clone()));
            } else if by != "policy"
                && ledger
                    .ended
                    .get(id)
                    .is_some_and(|before| before.0 == "error")
            {
                ledger.asked_again.insert(id.clone());
            }
        }
        for (id, (status, commit)) in &now {
            if !commit.is_empty() {
                let landed = ledger
                    .landed
                    .get(id)
                    .map(|landing| landing.commit.to_string());
                assert_eq!(
                    landed.as_ref(),
                    Some(commit),
                    "{id} is recorded with a commit that is not its own"
                );
                assert_eq!(status, "processed", "{id} landed");
            }
        }
        for (id, before) in &ledger.ended {
            let after = now.get(id);
            let stays = after == Some(before);
            let late_truth = before.1.is_empty() && after.is_some_and(|after| !after.1.is_empty());
            let again = before.0 == "error" && ledger.asked_again.contains(id);
            assert!(
                stays || late_truth || again,
                "{id} ended as {before:?} and is now {after:?}"
            );
        }
        ledger.ended = now;
    }
}
