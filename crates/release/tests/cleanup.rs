//! Cleanup: a branch that is gone deletes what its cleanup policies name, however its end is noticed, and once.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use domain::{HookSource, RepositoryName};
use hmac::{Hmac, Mac};
use release::cleanup::{CleanupReport, branch_deleted};
use release::database::Sql;
use release::flush::git_host::{Cause, HostError};
use release::sweep::{EVERY_MS, SourceHost, SweepReport, sweep};
use release::template::GoTemplates;
use release::webhook::{Received, Webhook, is_signed, receive};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::artifacts::shipped;
use crate::world::executor::{run, step};
use crate::world::ports::{Sqlite, Store, Time};
use crate::world::{ONE, World, evaluate_all, flush, id_of, ship, tick};

const SECRET: &str = "the secret of the webhooks";

/// A preview of a branch, deployed under a name of its own and cleaned up under the same.
fn preview(number: usize, branch: &str) -> Value {
    json!({
        "version": { "repositoryName": "acme/shop", "sha": format!("{number:040x}"), "branch": branch },
        "vars": { "BRANCH": branch, "ENV": "staging" },
        "environments": [{
            "app": "shop-{{ .BRANCH | sanitizeDNSName }}", "env": "{{ .ENV }}",
            "deploy": { "event": "push", "branch": "feature/*" },
            "cleanup": { "app": "shop-{{ .BRANCH | sanitizeDNSName }}", "event": "branchDeleted", "branch": "feature/*" },
            "manifests": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n",
        }],
    })
}

fn ship_it(world: &Rc<World>, json: &Value) -> String {
    id_of(&ship(world, shipped(json), None).unwrap().body)
}

/// An evaluation with the real templates, and a flush.
fn settle(world: &Rc<World>) {
    let base = Sqlite(Rc::clone(world));
    let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
    let deadline = world.now_ms.get() + 20_000;
    let template = GoTemplates::new();
    run(release::evaluate::evaluate(
        &store,
        &Sql::new(&base),
        &time,
        &template,
        deadline,
    ))
    .unwrap();
    let flush = release::flush::Flush {
        kv: &store,
        sql: Sql::new(&base),
        git: &crate::world::git_server::Hosts(Rc::clone(world)),
        clock: &time,
        renderer: &crate::world::renderer::RawManifests,
        template: &template,
        settings: &world.settings,
    };
    run(flush.run()).unwrap();
    world.advance_ms(1_000);
}

fn apps(world: &World) -> Vec<String> {
    world.server(|server| {
        let Some(tree) = server
            .objects()
            .subtree(server.root(), &[b"staging"])
            .unwrap()
        else {
            return Vec::new();
        };
        let entries = server.objects().tree(tree).unwrap().into_iter();
        let folders = entries.filter(|entry| entry.kind == gitwire::EntryKind::Tree);
        folders
            .map(|entry| String::from_utf8(entry.name).unwrap())
            .collect()
    })
}

fn gone(world: &Rc<World>, branch: &str) -> CleanupReport {
    let base = Sqlite(Rc::clone(world));
    let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
    let repository: RepositoryName = "acme/shop".parse().unwrap();
    let template = GoTemplates::new();
    let (sql, branch) = (Sql::new(&base), branch.parse().unwrap());
    let done = branch_deleted(&store, &sql, &time, &template, &repository, &branch);
    run(done).unwrap()
}

#[test]
fn a_deleted_branch_takes_its_app_along() {
    let world = World::new(1, ONE);
    ship_it(&world, &preview(1, "feature/a"));
    ship_it(&world, &preview(2, "feature/b"));
    settle(&world);
    assert_eq!(apps(&world), ["shop-feature-a", "shop-feature-b"]);
    let report = gone(&world, "feature/a");
    assert_eq!((report.requests.len(), report.problems.len()), (1, 0));
    settle(&world);
    assert_eq!(apps(&world), ["shop-feature-b"]);
    let told = world.sql(
        "SELECT kind, env, app, triggered_by, status FROM requests WHERE kind = 'delete'",
        &[],
    );
    assert_eq!(
        told,
        [["delete", "staging", "shop-feature-a", "policy", "processed"]]
    );
    let message = world.server(|server| {
        let commit = server.objects().commit(server.tip.unwrap()).unwrap();
        String::from_utf8(commit.message).unwrap()
    });
    assert!(
        message.starts_with("[GimletD delete] staging/shop-feature-a deleted by policy\n"),
        "{message}"
    );
    // Noticed again: the same request, which is done.
    assert_eq!(gone(&world, "feature/a").requests, report.requests);
    let commits = world.server(|server| server.history().len());
    settle(&world);
    assert_eq!(world.server(|server| server.history().len()), commits);
    assert_eq!(gone(&world, "never-shipped").requests, Vec::<String>::new());
}

/// C1 to C10 of the table, through the whole use case. The columns: id, deleted branch, app, glob, whether it is deleted.
#[test]
fn w4_every_row_of_the_cleanup_table_deletes_or_leaves_as_it_says() {
    let table = include_str!("../../domain/tests/vectors/cleanup-policy.tsv");
    let mut ids = Vec::new();
    for line in table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        let columns = line
            .split('\t')
            .map(|text| if text == "-" { "" } else { text });
        let columns: Vec<&str> = columns.collect();
        let [id, branch, app, glob, event, expected, ..] = columns[..] else {
            panic!("{line}")
        };
        ids.push(id.to_owned());
        let world = World::new(1, ONE);
        let mut artifact = preview(1, branch);
        // The table's app is only named; here it must be a name.
        let app = match app {
            "" => "",
            _ => "shop-{{ .BRANCH | sanitizeDNSName }}",
        };
        artifact["environments"][0]["cleanup"] =
            json!({ "app": app, "branch": glob, "event": event });
        ship_it(&world, &artifact);
        let report = gone(&world, branch);
        assert_eq!(
            report.requests.len(),
            usize::from(expected == "yes"),
            "{id}: {report:?}"
        );
        assert!(report.problems.is_empty(), "{id}: {report:?}");
    }
    let expected: Vec<String> = (1..=10).map(|number| format!("C{number}")).collect();
    assert!(expected.iter().all(|id| ids.contains(id)), "{ids:?}");
}

#[test]
fn a_cleanup_policy_that_cannot_be_used_is_told_and_stops_no_other() {
    let world = World::new(1, ONE);
    let mut artifact = preview(1, "feature/a");
    let good = artifact["environments"][0].clone();
    let broken = |field: &str, value: &str| {
        let mut manifest = good.clone();
        manifest["cleanup"][field] = value.into();
        manifest
    };
    artifact["environments"] = json!([
        broken("app", "shop-{{ .SHA }}"),
        broken("app", "{{ .BRANCH }}"),
        broken("app", "{{ .BRANCH | nothing }}"),
        broken("branch", "feature/["),
        good,
    ]);
    ship_it(&world, &artifact);
    let report = gone(&world, "feature/a");
    assert_eq!(report.requests.len(), 1);
    let words = ["SHA", "Kubernetes name", "nothing", "glob"];
    for (problem, word) in report.problems.iter().zip(words) {
        assert!(problem.contains(word), "{problem}");
    }
    assert_eq!(report.problems.len(), 4);
}

#[test]
fn the_last_commit_of_the_branch_counts_with_all_its_artifacts() {
    let world = World::new(1, ONE);
    let mut old = preview(1, "feature/a");
    old["environments"][0]["cleanup"]["app"] = "old".into();
    ship_it(&world, &old);
    world.advance_ms(1);
    let mut other = preview(2, "feature/a");
    other["environments"][0]["cleanup"]["app"] = "other".into();
    ship_it(&world, &preview(2, "feature/a"));
    world.advance_ms(1);
    ship_it(&world, &other);
    gone(&world, "feature/a");
    let named = world
        .sql(
            "SELECT app FROM requests WHERE kind = 'delete' ORDER BY app",
            &[],
        )
        .concat();
    assert_eq!(named, ["other", "shop-feature-a"]);
}

#[test]
fn a_release_that_was_shipped_before_the_end_does_not_outlive_it() {
    let world = World::new(1, ONE);
    ship_it(&world, &preview(1, "feature/a"));
    world.advance_ms(1);
    // Not evaluated yet.
    gone(&world, "feature/a");
    settle(&world);
    assert!(apps(&world).is_empty());
    assert_eq!(
        world.server(|server| server.history().len()),
        2,
        "released, then deleted"
    );
}

/// A host that shows these branches, or fails.
struct Sources {
    world: Rc<World>,
    there: RefCell<Result<BTreeSet<String>, String>>,
    asked: RefCell<usize>,
    /// Shipped while the host answers.
    meanwhile: RefCell<Option<Value>>,
}

impl SourceHost for Sources {
    async fn branches(&self, repository: &RepositoryName) -> Result<BTreeSet<String>, HostError> {
        assert_eq!(repository.as_str(), "acme/shop");
        *self.asked.borrow_mut() += 1;
        if let Some(artifact) = self.meanwhile.borrow_mut().take() {
            ship_it(&self.world, &artifact);
            settle(&self.world);
        }
        let cause = Cause::Passing {
            retry_after_s: None,
        };
        self.there
            .borrow()
            .clone()
            .map_err(|message| HostError { message, cause })
    }
}

impl Sources {
    fn new(world: &Rc<World>, there: &[&str]) -> Self {
        Self {
            world: Rc::clone(world),
            there: RefCell::new(Ok(there.iter().map(|name| (*name).to_owned()).collect())),
            asked: RefCell::new(0),
            meanwhile: RefCell::new(None),
        }
    }

    fn sweep(&self) -> SweepReport {
        let world = &self.world;
        let base = Sqlite(Rc::clone(world));
        let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
        run(sweep(
            &store,
            &Sql::new(&base),
            &time,
            &GoTemplates::new(),
            self,
        ))
        .unwrap()
    }
}

fn wait(world: &World) {
    world.advance_ms(u64::try_from(EVERY_MS).unwrap());
}

#[test]
fn a_lost_webhook_is_made_up_for_by_the_sweep() {
    let world = World::new(1, ONE);
    for (number, branch) in ["feature/a", "feature/b", "feature/c"].iter().enumerate() {
        ship_it(&world, &preview(number, branch));
    }
    settle(&world);
    let sources = Sources::new(&world, &["main", "feature/b"]);
    assert_eq!(sources.sweep().repository, None, "not due yet");
    assert_eq!(*sources.asked.borrow(), 0);
    wait(&world);
    let report = sources.sweep();
    assert_eq!(report.deleted, ["feature/a", "feature/c"]);
    settle(&world);
    assert_eq!(apps(&world), ["shop-feature-b"]);
    assert_eq!(sources.sweep().repository, None, "once in five minutes");
    wait(&world);
    assert!(
        sources.sweep().deleted.is_empty(),
        "what is gone is not asked for again"
    );
    assert_eq!(*sources.asked.borrow(), 2);
    // The branch is there again, with a newer artifact, and goes again.
    ship_it(&world, &preview(9, "feature/a"));
    settle(&world);
    assert_eq!(apps(&world), ["shop-feature-a", "shop-feature-b"]);
    wait(&world);
    wait(&world);
    assert_eq!(sources.sweep().deleted, ["feature/a"]);
    settle(&world);
    assert_eq!(apps(&world), ["shop-feature-b"]);
}

#[test]
fn a_host_that_does_not_answer_deletes_nothing_and_is_asked_the_more_rarely() {
    let world = World::new(1, ONE);
    ship_it(&world, &preview(1, "feature/a"));
    settle(&world);
    let sources = Sources::new(&world, &[]);
    let mut asked_at = Vec::new();
    for minute in 0..4_000 {
        world.advance_ms(60_000);
        if minute == 10 {
            *sources.there.borrow_mut() = Err("the host is down".to_owned());
        }
        let report = sources.sweep();
        if report.repository.is_some() {
            assert_eq!(
                (report.deleted.len(), report.problems.len()),
                (0, 1),
                "{report:?}"
            );
            asked_at.push(minute);
        }
    }
    let gaps: Vec<i32> = asked_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.is_sorted() && gaps.last() == Some(&1_440), "{gaps:?}");
    assert_eq!(apps(&world), ["shop-feature-a"]);
    *sources.there.borrow_mut() = Ok(BTreeSet::from(["main".to_owned()]));
    world.advance_ms(86_400_000);
    assert_eq!(sources.sweep().deleted, ["feature/a"]);
}

#[test]
fn a_branch_that_comes_back_while_the_host_answers_is_left_alone() {
    let world = World::new(1, ONE);
    ship_it(&world, &preview(1, "feature/a"));
    settle(&world);
    let sources = Sources::new(&world, &["main"]);
    *sources.meanwhile.borrow_mut() = Some(preview(2, "feature/a"));
    wait(&world);
    assert!(sources.sweep().deleted.is_empty());
    settle(&world);
    assert_eq!(apps(&world), ["shop-feature-a"]);
}

#[test]
fn replicas_that_sweep_at_once_ask_once() {
    let world = World::new(1, ONE);
    ship_it(&world, &preview(1, "feature/a"));
    settle(&world);
    wait(&world);
    let sources = Rc::new(Sources::new(&world, &["main"]));
    let task = || -> crate::world::executor::Task {
        let sources = Rc::clone(&sources);
        Box::pin(async move {
            let world = &sources.world;
            let base = Sqlite(Rc::clone(world));
            let (store, time) = (Store(Rc::clone(world)), Time(Rc::clone(world)));
            drop(
                sweep(
                    &store,
                    &Sql::new(&base),
                    &time,
                    &GoTemplates::new(),
                    &*sources,
                )
                .await,
            );
        })
    };
    let mut tasks = vec![task(), task(), task()];
    while !tasks.is_empty() {
        let index = world.random.below(tasks.len());
        if step(&mut tasks[index]) {
            drop(tasks.swap_remove(index));
        }
    }
    assert_eq!(*sources.asked.borrow(), 1);
}

fn sign(body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let code = mac.chain_update(body.as_bytes()).finalize().into_bytes();
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn x7_only_who_knows_the_secret_is_listened_to() {
    let body = "{\"ref\":\"feature/a\"}";
    let good = sign(body);
    let checks = [
        (HookSource::Github, SECRET, format!("sha256={good}"), true),
        (
            HookSource::Github,
            SECRET,
            format!("sha256={}", good.to_uppercase()),
            true,
        ),
        (HookSource::Github, SECRET, good.clone(), false),
        (HookSource::Github, SECRET, format!("sha1={good}"), false),
        (
            HookSource::Github,
            SECRET,
            format!("sha256={}", &good[..62]),
            false,
        ),
        (
            HookSource::Github,
            SECRET,
            format!("sha256={good}00"),
            false,
        ),
        (
            HookSource::Github,
            SECRET,
            format!("sha256=+{}", &good[1..]),
            false,
        ),
        (
            HookSource::Github,
            SECRET,
            format!("sha256={}", "\u{e9}".repeat(32)),
            false,
        ),
        (HookSource::Github, SECRET, String::new(), false),
        (
            HookSource::Github,
            "another",
            format!("sha256={good}"),
            false,
        ),
        (HookSource::Github, "", format!("sha256={good}"), false),
        (HookSource::Gitea, SECRET, good.clone(), true),
        (HookSource::Gitea, SECRET, format!("sha256={good}"), false),
        (HookSource::Gitlab, SECRET, SECRET.to_owned(), true),
        (HookSource::Gitlab, SECRET, format!("{SECRET} "), false),
        (HookSource::Gitlab, SECRET, String::new(), false),
        (HookSource::Gitlab, "", String::new(), false),
    ];
    for (source, secret, signature, expected) in checks {
        assert_eq!(
            is_signed(source, secret, &signature, body.as_bytes()),
            expected,
            "{source:?} {signature}"
        );
        assert!(
            !is_signed(source, secret, &signature, b"another body") || source == HookSource::Gitlab
        );
    }
}

async fn deliver(
    world: Rc<World>,
    delivery: String,
    body: String,
    signature: String,
) -> Option<Received> {
    if !is_signed(HookSource::Github, SECRET, &signature, body.as_bytes()) {
        return None;
    }
    let base = Sqlite(Rc::clone(&world));
    let (store, time) = (Store(Rc::clone(&world)), Time(Rc::clone(&world)));
    let webhook = Webhook {
        source: HookSource::Github,
        event: "delete",
        delivery: &delivery,
        body: body.as_bytes(),
    };
    receive(
        &store,
        &Sql::new(&base),
        &time,
        &GoTemplates::new(),
        &webhook,
    )
    .await
    .ok()
}

fn deletion(branch: &str, number: usize) -> String {
    json!({ "ref": branch, "ref_type": "branch", "repository": { "full_name": "acme/shop", "size": number } }).to_string()
}

#[test]
fn a_repeated_or_replayed_webhook_does_nothing() {
    let world = World::new(1, ONE);
    ship_it(&world, &preview(1, "feature/a"));
    settle(&world);
    let body = deletion("feature/a", 1);
    let send = |delivery: &str| {
        run(deliver(
            Rc::clone(&world),
            delivery.to_owned(),
            body.clone(),
            format!("sha256={}", sign(&body)),
        ))
    };
    assert!(matches!(send("1"), Some(Received::Queued(report)) if report.requests.len() == 1));
    assert!(matches!(send("1"), Some(Received::Repeated)));
    settle(&world);
    // The branch is there again: the old webhook under a new number must not end it.
    world.advance_ms(1_000);
    ship_it(&world, &preview(2, "feature/a"));
    settle(&world);
    assert!(matches!(send("2"), Some(Received::Repeated)));
    settle(&world);
    assert_eq!(apps(&world), ["shop-feature-a"]);
}

#[test]
fn webhooks_are_remembered_for_thirty_days() {
    let world = World::new(2, ONE);
    let send = |number: usize| {
        let body = deletion("feature/a", number);
        let signature = format!("sha256={}", sign(&body));
        run(deliver(
            Rc::clone(&world),
            number.to_string(),
            body,
            signature,
        ))
    };
    assert!(matches!(send(1), Some(Received::Queued(_))));
    world.advance_ms(29 * 86_400_000);
    assert!(matches!(send(1), Some(Received::Repeated)));
    world.advance_ms(2 * 86_400_000);
    assert!(matches!(send(2), Some(Received::Queued(_))));
    assert_eq!(world.sql("SELECT 1 FROM deliveries", &[]).len(), 2);
}

/// 10,000 webhooks of 60 branches in random order, at once, some of them killed and sent again: repeated, replayed, badly
/// signed, of tags, of unknown branches. Each branch that a good one names is deleted by one commit, and no other.
#[test]
fn x7_ten_thousand_webhooks_come_to_the_exact_result() {
    let world = World::new(5, ONE);
    let branches: Vec<String> = (0..60)
        .map(|number| format!("feature/b{number:02}"))
        .collect();
    for chunk in branches.chunks(15) {
        for (number, branch) in chunk.iter().enumerate() {
            ship_it(&world, &preview(number, branch));
            world.advance_ms(1);
        }
        settle(&world);
    }
    assert_eq!(apps(&world).len(), 60);
    let commits = world.server(|server| server.history().len());
    let ends: BTreeSet<&String> = branches.iter().step_by(2).collect();
    let mut sent: Vec<(String, String, String)> = Vec::new();
    for number in 0..10_000 {
        let branch = &branches[world.random.below(60)];
        let ending = ends.contains(branch);
        let body = match world.random.below(8) {
            0 => json!({ "ref": branch, "ref_type": "tag", "repository": { "full_name": "acme/shop" } }).to_string(),
            1 => deletion("feature/unknown", number),
            2 => deletion(branch, number).replace("acme/shop", "acme/other"),
            _ => deletion(branch, world.random.below(50)),
        };
        // Only branches that end are named by those who know the secret.
        let honest = ending && !world.random.one_in(3);
        let signature = match honest
            || !body.contains("\"branch\"")
            || !body.contains("acme/shop\"")
            || body.contains("unknown")
        {
            true => format!("sha256={}", sign(&body)),
            false => format!("sha256={}", sign(&format!("{body} "))),
        };
        sent.push((format!("{}", world.random.below(4_000)), body, signature));
    }
    // Each ending branch is named at least once.
    for branch in &ends {
        let body = deletion(branch, 99);
        sent.push((
            format!("last {branch}"),
            body.clone(),
            format!("sha256={}", sign(&body)),
        ));
    }
    let mut tasks: Vec<(usize, crate::world::executor::Task)> = Vec::new();
    let mut next = 0;
    while next < sent.len() || !tasks.is_empty() {
        if next < sent.len() && tasks.len() < 8 {
            let (delivery, body, signature) = sent[next].clone();
            let task = deliver(Rc::clone(&world), delivery, body, signature);
            tasks.push((next, Box::pin(async move { drop(task.await) })));
            next += 1;
        }
        let index = world.random.below(tasks.len());
        if world.random.one_in(2_000) {
            // The process dies; the host sends again.
            let (number, _) = tasks.swap_remove(index);
            let again = sent[number].clone();
            sent.push(again);
        } else if step(&mut tasks[index].1) {
            drop(tasks.swap_remove(index));
        }
    }
    settle(&world);
    settle(&world);
    let left: Vec<String> = branches
        .iter()
        .skip(1)
        .step_by(2)
        .map(|branch| format!("shop-{}", branch.replace('/', "-")))
        .collect();
    assert_eq!(apps(&world), left);
    assert_eq!(
        world.server(|server| server.history().len()),
        commits + ends.len()
    );
    assert!(world.keys("write.").is_empty());
}

#[test]
fn what_has_no_cleanup_policy_is_not_watched() {
    let world = World::new(1, ONE);
    let mut artifact = preview(1, "feature/a");
    artifact["environments"][0]
        .as_object_mut()
        .unwrap()
        .remove("cleanup");
    ship_it(&world, &artifact);
    run(evaluate_all(Rc::clone(&world))).unwrap();
    run(flush(Rc::clone(&world))).unwrap();
    tick(&world);
    assert_eq!(world.sql("SELECT count(*) FROM branches", &[]), [["0"]]);
}
