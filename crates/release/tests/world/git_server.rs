//! A Git server in memory: real objects, real packs, compare-and-swap of one branch. It remembers every push that was
//! accepted, so that the truth can be read off the commits themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use domain::GitopsRepository;
use gitwire::{
    BlobId, CommitId, CommitSpec, Kind, Limits, ObjectId, Objects, Pack, PackOptions, PackedObject,
    Person, TreeId,
};
use release::flush::git_host::{Cause, Fetch, GitHost, GitSession, HostError, PushAnswer};

use super::World;
use super::executor::turn;

pub(crate) const BRANCH: &str = "refs/heads/main";
/// A file with this text is never taken.
pub(crate) const POISON: &str = "poison";

/// How a host feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// No answer to anything; pushes may arrive all the same.
    Silent,
    /// 429 with `Retry-After`.
    Busy,
    /// 401.
    Unauthorized,
    /// Takes the pack and refuses to move the branch.
    Protected,
}

/// No answer, and no wish of the host.
const UNKNOWN: Cause = Cause::Passing {
    retry_after_s: None,
};

impl Mood {
    /// The answer to any request, where the host does not do what is asked.
    fn refusal(self) -> Option<HostError> {
        let asked = Cause::Passing {
            retry_after_s: Some(7),
        };
        match self {
            Self::Well | Self::Protected => None,
            Self::Silent => Some(failure("no answer", UNKNOWN)),
            Self::Busy => Some(failure("too many requests", asked)),
            Self::Unauthorized => Some(failure("unauthorized", Cause::Operator)),
        }
    }
}

/// A push that was sent.
pub(crate) struct Flight {
    pub(crate) number: u64,
    old: Option<CommitId>,
    new: CommitId,
    pack: Vec<u8>,
}

pub(crate) struct GitServer {
    contents: HashMap<ObjectId, PackedObject>,
    objects: Objects,
    pub(crate) tip: Option<CommitId>,
    pub(crate) mood: Mood,
    /// The most commits in one push, and whether more is answered by HTTP (413) or by Git.
    pub(crate) most_commits: Option<(usize, Cause)>,
    pub(crate) flights: Vec<Flight>,
    answers: BTreeMap<u64, Result<PushAnswer, HostError>>,
    sent: u64,
    /// Pushes that were accepted.
    pub(crate) pushes: usize,
    /// Commits of each push that was accepted.
    pub(crate) sizes: Vec<usize>,
    /// Requests of any kind.
    pub(crate) asked: usize,
}

fn options() -> PackOptions {
    PackOptions {
        level: 1,
        thin: false,
        ofs_delta: true,
    }
}

fn failure(message: &str, cause: Cause) -> HostError {
    HostError {
        message: message.to_owned(),
        cause,
    }
}

impl GitServer {
    pub(crate) fn new() -> Self {
        Self {
            contents: HashMap::new(),
            objects: Objects::new(),
            tip: None,
            mood: Mood::Well,
            most_commits: None,
            flights: Vec::new(),
            answers: BTreeMap::new(),
            sent: 0,
            pushes: 0,
            sizes: Vec::new(),
            asked: 0,
        }
    }

    pub(crate) fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The commits from the tip to the root, by first parent.
    pub(crate) fn history(&self) -> Vec<CommitId> {
        self.since(self.tip, None)
    }

    /// The commits from `tip` to `old`, by first parent.
    pub(super) fn since(&self, tip: Option<CommitId>, old: Option<CommitId>) -> Vec<CommitId> {
        let mut found = Vec::new();
        let mut next = tip;
        while let Some(id) = next.filter(|id| Some(*id) != old) {
            found.push(id);
            next = self.objects.commit(id).unwrap().parents.first().copied();
        }
        found
    }

    /// The content of a file.
    pub(crate) fn blob(&self, id: BlobId) -> Vec<u8> {
        self.contents[&id.object()].content.clone()
    }

    /// What a commit or tree of a push names must be at the server then, as receive-pack demands.
    fn check_connected(&self, sent: &[(Kind, ObjectId)]) {
        let known = |id: ObjectId| id == TreeId::EMPTY.object() || self.contents.contains_key(&id);
        for (kind, id) in sent {
            let named: Vec<ObjectId> = match kind {
                Kind::Commit => {
                    let commit = self.objects.commit(CommitId::new(*id)).unwrap();
                    let parents = commit.parents.iter().map(|parent| parent.object());
                    parents.chain([commit.tree.object()]).collect()
                }
                Kind::Tree => {
                    let entries = self.objects.tree(TreeId::new(*id)).unwrap();
                    entries.iter().map(|entry| entry.id).collect()
                }
                _ => Vec::new(),
            };
            assert!(named.into_iter().all(known), "a push names what nobody has");
        }
    }

    /// As it was when the branch stood there, and nothing was on its way. The objects that came since stay: nobody can tell.
    pub(crate) fn back_to(&mut self, tip: Option<CommitId>) {
        self.tip = tip;
        self.flights.clear();
        self.answers.clear();
        self.sent = 0;
    }

    /// How many pushes were sent; the last one has this number.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// The answer to a push, if it waits for whoever sent it.
    pub(crate) fn answer(&self, number: u64) -> Option<&Result<PushAnswer, HostError>> {
        self.answers.get(&number)
    }

    /// Pushes that are on their way: their numbers, and from where to where they move the branch.
    pub(crate) fn on_their_way(&self) -> Vec<(u64, Option<CommitId>, CommitId)> {
        let flights = self.flights.iter();
        flights.map(|one| (one.number, one.old, one.new)).collect()
    }

    /// The root of the tip.
    pub(crate) fn root(&self) -> TreeId {
        match self.tip {
            Some(tip) => self.objects.commit(tip).unwrap().tree,
            None => TreeId::EMPTY,
        }
    }

    /// The tip's commit and its trees, as a fetch with `deepen 1` and `blob:none` gives them.
    pub(crate) fn trees(&self, tip: CommitId) -> Objects {
        let mut wanted = vec![
            tip.object(),
            self.objects.commit(tip).unwrap().tree.object(),
        ];
        let mut at = 1;
        while let Some(id) = wanted.get(at).copied() {
            at += 1;
            for entry in self.objects.tree(TreeId::new(id)).unwrap() {
                if entry.kind == gitwire::EntryKind::Tree && !wanted.contains(&entry.id) {
                    wanted.push(entry.id);
                }
            }
        }
        let mut fetched = Objects::new();
        let pack = write_pack(wanted.iter().filter_map(|id| self.contents.get(id)));
        fetched.insert_pack(Pack::read(&pack, &Limits::default()).unwrap());
        fetched
    }

    /// What the host makes of a push that arrives.
    fn receive(&mut self, flight: &Flight) -> PushAnswer {
        let limits = Limits {
            keep_blobs: true,
            ..Limits::default()
        };
        let pack = Pack::read(&flight.pack, &limits).unwrap();
        let commits = pack
            .objects()
            .iter()
            .filter(|object| object.kind == Kind::Commit);
        let size = commits.count();
        if let Some((most, Cause::Operator)) = self.most_commits
            && size > most
        {
            return PushAnswer::PackRefused("unpack failed: too large".to_owned());
        }
        let poison = |object: &PackedObject| {
            object.kind == Kind::Blob
                && object
                    .content
                    .windows(6)
                    .any(|text| text == POISON.as_bytes())
        };
        if pack.objects().iter().any(poison) {
            return PushAnswer::PackRefused("unpack failed: a file is not allowed".to_owned());
        }
        if self.mood == Mood::Protected {
            return PushAnswer::Refused("protected branch".to_owned());
        }
        if self.tip != flight.old {
            return PushAnswer::Refused("failed to update ref".to_owned());
        }
        for object in pack.objects() {
            self.contents.insert(object.id, object.clone());
        }
        let sent: Vec<_> = pack
            .objects()
            .iter()
            .map(|one| (one.kind, one.id))
            .collect();
        self.objects.insert_pack(pack);
        self.check_connected(&sent);
        self.tip = Some(flight.new);
        self.pushes += 1;
        self.sizes.push(size);
        PushAnswer::Accepted
    }

    /// Pushes as a person does: edits the tip and moves the branch at once.
    pub(crate) fn edit(&mut self, path: &str, content: Option<&str>, seconds: i64) {
        let path: Vec<&[u8]> = path.split('/').map(str::as_bytes).collect();
        let mut objects = self.tip.map(|tip| self.trees(tip)).unwrap_or_default();
        let root = self.root();
        let edited = match content {
            Some(content) => {
                let blob = objects.write_blob(content.as_bytes()).unwrap();
                objects.put_file(root, &path, Some(blob))
            }
            None => objects.replace_subtree(root, &path, None),
        };
        let person = Person {
            name: "A Person".to_owned(),
            email: "person@example.com".to_owned(),
            seconds,
        };
        let spec = CommitSpec {
            tree: edited.unwrap(),
            parents: self.tip.into_iter().collect(),
            author: person.clone(),
            committer: person,
            message: "By hand\n".to_owned(),
        };
        let new = objects.write_commit(&spec).unwrap();
        let pack = objects.new_pack(new, options()).unwrap();
        let (mood, most) = (self.mood, self.most_commits.take());
        self.mood = Mood::Well;
        let old = self.tip;
        let flight = Flight {
            number: 0,
            old,
            new,
            pack,
        };
        assert_eq!(self.receive(&flight), PushAnswer::Accepted);
        (self.mood, self.most_commits) = (mood, most);
        self.pushes -= 1;
        self.sizes.pop();
    }
}

/// A zlib stream of one stored block (RFC 1950, RFC 1951 section 3.2.4): thousands of schedules have no time to deflate.
fn stored(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend_from_slice(&length.to_le_bytes());
    stream.extend_from_slice(&(!length).to_le_bytes());
    stream.extend_from_slice(content);
    let (mut a, mut b) = (1u32, 0u32);
    for byte in content {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    stream.extend_from_slice(&((b << 16) | a).to_be_bytes());
    stream
}

/// A pack of whole objects (gitformat-pack, version 2).
fn write_pack<'a>(objects: impl Iterator<Item = &'a PackedObject>) -> Vec<u8> {
    let objects: Vec<&PackedObject> = objects.collect();
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend_from_slice(&(objects.len() as u32).to_be_bytes());
    for object in objects {
        let kind = match object.kind {
            Kind::Commit => 1u8,
            Kind::Tree => 2,
            Kind::Blob => 3,
            Kind::Tag => 4,
        };
        let mut size = object.content.len();
        let mut byte = (kind << 4) | (size & 15) as u8;
        size >>= 4;
        while size > 0 {
            pack.push(byte | 0x80);
            byte = (size & 0x7f) as u8;
            size >>= 7;
        }
        pack.push(byte);
        pack.extend_from_slice(&stored(&object.content));
    }
    let mut hasher = gix_hash::hasher(gix_hash::Kind::Sha1);
    hasher.update(&pack);
    pack.extend_from_slice(hasher.try_finalize().unwrap().as_slice());
    pack
}

impl World {
    /// A push arrives at the server, or is lost before that; its answer comes back, or is lost.
    pub(crate) fn resolve(&self, url: &str, index: usize, arrives: bool, answered: bool) {
        let mut servers = self.git.borrow_mut();
        let server = servers.get_mut(url).unwrap();
        let flight = server.flights.remove(index);
        let lost = || Err(failure("connection reset", UNKNOWN));
        let too_large = match server.most_commits {
            Some((most, Cause::TooLarge)) => commits_in(&flight) > most,
            _ => false,
        };
        let silent = server.mood == Mood::Silent;
        let refused = match server.mood.refusal().filter(|_| !silent) {
            None if too_large => Some(failure("request entity too large", Cause::TooLarge)),
            refusal => refusal,
        };
        let answer = match refused {
            Some(error) => Err(error),
            None if !arrives => lost(),
            None => {
                let before = server.tip;
                let answer = server.receive(&flight);
                if answer == PushAnswer::Accepted {
                    let mut commits = server.since(server.tip, before);
                    commits.reverse();
                    self.ledger.borrow_mut().landed(server, url, &commits);
                    self.check_holds(&commits);
                }
                Ok(answer)
            }
        };
        let answer = if answered && !silent { answer } else { lost() };
        server.answers.insert(flight.number, answer);
    }

    fn ask<T>(&self, url: &str, act: impl FnOnce(&mut GitServer) -> T) -> Result<T, HostError> {
        let mut servers = self.git.borrow_mut();
        let server = servers.get_mut(url).unwrap();
        server.asked += 1;
        match server.mood.refusal() {
            Some(error) => Err(error),
            None => Ok(act(server)),
        }
    }
}

fn commits_in(flight: &Flight) -> usize {
    let pack = Pack::read(&flight.pack, &Limits::default()).unwrap();
    let commits = pack
        .objects()
        .iter()
        .filter(|object| object.kind == Kind::Commit);
    commits.count()
}

/// The simulated hosts.
pub(crate) struct Hosts(pub(crate) Rc<World>);

pub(crate) struct Session {
    world: Rc<World>,
    url: String,
    tip: Option<CommitId>,
}

impl GitHost for Hosts {
    type Session = Session;

    async fn open(&self, repository: &GitopsRepository) -> Result<Session, HostError> {
        turn().await;
        let url = repository.url.as_str().to_owned();
        let tip = self.0.ask(&url, |server| server.tip);
        turn().await;
        Ok(Session {
            world: Rc::clone(&self.0),
            tip: tip?,
            url,
        })
    }
}

impl GitSession for Session {
    fn branch(&self) -> &str {
        BRANCH
    }

    fn tip(&self) -> Option<CommitId> {
        self.tip
    }

    async fn commits_since(&self, old: Option<CommitId>) -> Result<BTreeSet<CommitId>, HostError> {
        turn().await;
        let commits = self.world.ask(&self.url, |server| {
            let known: BTreeSet<CommitId> = server.since(old, None).into_iter().collect();
            let commits = server.since(self.tip, None).into_iter();
            commits.filter(|id| !known.contains(id)).collect()
        });
        turn().await;
        commits
    }

    async fn trees(&self, fetch: Fetch) -> Result<Objects, HostError> {
        turn().await;
        let kept: Option<Vec<u8>> = match (fetch, self.world.kept.borrow().get(&self.url)) {
            (Fetch::UnlessKept, Some((tip, pack))) if self.tip == Some(*tip) => Some(pack.clone()),
            _ => None,
        };
        if let Some(pack) = kept {
            let mut objects = Objects::new();
            objects.insert_pack(Pack::read(&pack, &Limits::default()).unwrap());
            return Ok(objects);
        }
        let trees = self.world.ask(&self.url, |server| {
            self.tip.map(|tip| server.trees(tip)).unwrap_or_default()
        });
        turn().await;
        trees
    }

    async fn keep_trees(&self, tip: CommitId, snapshot: Vec<u8>) {
        turn().await;
        let mut kept = self.world.kept.borrow_mut();
        kept.insert(self.url.clone(), (tip, snapshot));
    }

    async fn add_trees(&self, objects: &mut Objects, trees: &[TreeId]) -> Result<(), HostError> {
        turn().await;
        let pack = self.world.ask(&self.url, |server| {
            let known = trees
                .iter()
                .filter_map(|tree| server.contents.get(&tree.object()));
            write_pack(known)
        });
        turn().await;
        objects.insert_pack(Pack::read(&pack?, &Limits::default()).unwrap());
        Ok(())
    }

    fn pack_options(&self) -> PackOptions {
        options()
    }

    async fn push(&self, new: CommitId, pack: Vec<u8>) -> Result<PushAnswer, HostError> {
        turn().await;
        let number = {
            let mut servers = self.world.git.borrow_mut();
            let server = servers.get_mut(&self.url).unwrap();
            server.asked += 1;
            server.sent += 1;
            let number = server.sent;
            let old = self.tip;
            server.flights.push(Flight {
                number,
                old,
                new,
                pack,
            });
            number
        };
        loop {
            turn().await;
            if let Some((arrives, answered)) = self.world.push_fate.get() {
                let at = {
                    let servers = self.world.git.borrow();
                    let flights = &servers[&self.url].flights;
                    flights.iter().position(|flight| flight.number == number)
                };
                if let Some(at) = at {
                    self.world.resolve(&self.url, at, arrives, answered);
                }
            }
            let mut servers = self.world.git.borrow_mut();
            if let Some(answer) = servers.get_mut(&self.url).unwrap().answers.remove(&number) {
                return answer;
            }
        }
    }
}
