//! Many releases at once: one push, and still one commit for each.

use end_to_end::artifacts::{artifact, manifest};
use end_to_end::history::releases;
use end_to_end::world::World;

#[test]
fn s2_three_hundred_requests_are_one_push_and_three_hundred_commits() {
    let world = World::start("three_hundred_requests_are_one_push");
    let mut requests = Vec::new();
    for number in 1..=3 {
        let manifests = (0..100)
            .map(|app| manifest("staging", &format!("app-{app:02}"), &number.to_string()))
            .collect();
        let id = world.ship(&artifact(number, manifests));
        world.evaluate();
        requests.extend(world.requests_of(&id));
    }
    assert_eq!(requests.len(), 300);
    world.git.clear_log();
    let report = world.flush();
    let pushes = world.git.log();
    let pushes = pushes
        .iter()
        .filter(|exchange| exchange.path.ends_with("git-receive-pack"));
    assert_eq!(
        pushes.filter(|exchange| exchange.method == "POST").count(),
        1,
        "{report}"
    );
    let repository = report["flush"]["repositories"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    assert_eq!(
        (&repository["released"], &repository["waiting"]),
        (&300.into(), &0.into()),
        "{report}"
    );

    world.assert_each_once(&requests);
    let commits = releases(&world.gitops);
    for (position, commit) in commits.iter().enumerate() {
        let change = if position < 100 { "A" } else { "M" };
        let place = commit.place();
        let mut changes = vec![
            format!("{change} {place}/manifest.yaml"),
            format!("{change} {place}/release.json"),
            format!(
                "{} staging/release.json",
                if position == 0 { "A" } else { "M" }
            ),
        ];
        changes.sort();
        assert_eq!(commit.changes, changes);
    }
    // Artifacts in the order in which they were shipped, so that every app ends with the last one.
    let shas: Vec<&str> = commits
        .iter()
        .map(|commit| commit.trailer("Source-Sha"))
        .collect();
    assert!(shas.is_sorted(), "{shas:?}");
}
