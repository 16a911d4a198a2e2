//! What CI ships ends in the GitOps repository, as the policies say.

use end_to_end::artifacts::{artifact, config_map, manifest, manual, released, sha};
use end_to_end::history::{file, files, history, releases};
use end_to_end::world::{Setup, World};
use harness::application::on_spin;
use harness::fault_proxy::GitRequest;
use serde_json::{Value, json};

#[test]
fn a_shipped_artifact_becomes_a_commit() {
    let world = World::start("a_shipped_artifact_becomes_a_commit");
    let id = world.ship(&artifact(1, vec![manifest("staging", "web", "one")]));
    assert!(id.starts_with("acme/shop-"), "{id}");
    let report = world.flush();
    assert_eq!(report["evaluation"]["queued"], 1, "{report}");

    let requests = world.requests_of(&id);
    let commits = world.assert_each_once(&requests);
    let commit = &commits[&requests[0]];
    assert_eq!(commit.subject, "[Gimlet] staging/web automated deploy");
    assert_eq!(commit.author, "Wimble <wimble@wimble.invalid>");
    assert_eq!(commit.committer, commit.author);
    let trailers = [
        ("Artifact-Id", id.as_str()),
        ("Release-Id", &requests[0]),
        ("Source-Sha", &sha(1)),
        ("Triggered-By", "policy"),
    ];
    let trailers = trailers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(commit.trailers, trailers.into());
    let changes = [
        "A staging/release.json",
        "A staging/web/manifest.yaml",
        "A staging/web/release.json",
    ];
    assert_eq!(commit.changes, changes);

    // The first commit is a person's and stays as it was.
    let all = history(&world.gitops, "main");
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].subject, "first");
    let expected = [
        "README.md",
        "staging/flux/flux.yaml",
        "staging/release.json",
        "staging/web/manifest.yaml",
        "staging/web/release.json",
    ];
    assert_eq!(files(&world.gitops, "main"), expected);
    let text = file(&world.gitops, "main", "staging/web/manifest.yaml");
    assert_eq!(text, Some(released("web", "one")));
    let record = file(&world.gitops, "main", "staging/web/release.json").unwrap();
    assert_eq!(
        file(&world.gitops, "main", "staging/release.json").as_ref(),
        Some(&record)
    );
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["app"], "web");
    assert_eq!(record["env"], "staging");
    assert_eq!(record["artifactId"], id);
    assert_eq!(record["triggeredBy"], "policy");
    assert_eq!(record["gitopsRef"], "");
    assert_eq!(record["version"]["sha"], sha(1));
}
