//! Flux's and Argo CD's feedback, and webhooks of Git hosts, as they come over HTTP.

use end_to_end::artifacts::{artifact, manifest};
use end_to_end::history::files;
use end_to_end::world::{Setup, World};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &str = "webhook-secret-of-the-tests";
const DONE: &str = "ReconciliationSucceeded";

fn flux(revision: &str) -> Value {
    json!({
        "involvedObject": { "kind": "Kustomization", "namespace": "flux-system", "name": "apps" },
        "severity": "info", "timestamp": "2026-11-22T10:00:00Z", "message": "applied", "reason": DONE,
        "metadata": { "revision": revision }, "reportingController": "kustomize-controller"
    })
}

#[test]
fn w17_what_flux_applied_is_seen_in_every_answer() {
    let world = World::start("w17_what_flux_applied_is_seen_in_every_answer");
    let client = world.client();
    let get = |path: &str| client.get(path).expect(200);
    let first = world.ship(&artifact(1, vec![manifest("staging", "web", "1")]));
    assert_eq!(
        get(&format!("/api/eventArtifactTrack?artifactId={first}"))["status"],
        "new"
    );
    world.settle();
    let second = world.ship(&artifact(2, vec![manifest("staging", "api", "2")]));
    world.settle();
    let tip = world.gitops.tip("main");
    let web = get("/api/releases?env=staging&app=web")[0].clone();
    assert_eq!(web["gitopsCommitStatus"], "NotReconciled");
    let answer = client
        .post(
            "/api/flux-events?env=staging",
            &flux(&format!("main@sha1:{tip}")),
        )
        .expect(200);
    assert_eq!(answer["outcome"], "stored");
    for path in [
        "/api/releases?env=staging&app=web",
        "/api/releases?env=staging&app=api",
    ] {
        assert_eq!(get(path)[0]["gitopsCommitStatus"], DONE, "{path}");
    }
    let status = get("/api/status?env=staging");
    assert_eq!(status["api"]["applied"]["gitopsRef"], tip.as_str());
    assert_eq!(status["web"]["applied"]["artifactId"], first.as_str());
    let commits = get("/api/gitopsCommits");
    let expected = json!({ "sha": tip, "status": DONE, "statusDesc": "applied", "created": 1_795_341_600, "env": "staging" });
    assert_eq!(
        (commits.as_array().unwrap().len(), &commits[0]),
        (2, &expected)
    );
    let track = get(&format!("/api/eventArtifactTrack?artifactId={second}"));
    let request = world.requests_of(&second).remove(0);
    let result = json!({ "app": "api", "hash": tip, "status": "success", "gitopsCommitStatus": DONE,
        "gitopsCommitStatusDesc": "applied", "env": "staging", "triggeredDeployRequestID": request });
    assert_eq!(
        track,
        json!({ "status": "processed", "statusDesc": "", "type": "artifact", "results": [result] })
    );
    let track = get(&format!("/api/eventReleaseTrack?id={request}"));
    assert_eq!(
        (&track["type"], &track["results"]),
        (&json!("release"), &json!([result]))
    );
    assert_eq!(world.event(&request)["gitopsHashes"][0]["status"], DONE);
    assert_eq!(
        get("/api/gitopsRepo"),
        json!({ "gitopsRepo": "acme/gitops" })
    );
    let root = client.send("GET", "/", &[], b"").unwrap();
    assert_eq!((root.status, root.body.len()), (200, 0));

    // Argo CD, of another commit.
    let rollback = format!(
        "/api/rollback?env=staging&app=web&sha={}",
        web["gitopsRef"].as_str().unwrap()
    );
    client.post(&rollback, &json!({})).expect(201);
    world.ship(&artifact(3, vec![manifest("staging", "db", "3")]));
    world.settle();
    let argo = json!({ "revision": world.gitops.tip("main"), "phase": "Failed", "health": "Degraded", "message": "no" });
    client
        .post("/api/argocd-events?env=staging", &argo)
        .expect(200);
    assert_eq!(
        get("/api/gitopsCommits?env=staging")[0]["status"],
        "ReconciliationFailed"
    );
    assert_eq!(get("/api/gitopsCommits?env=staging")[2]["status"], DONE);
}

#[test]
fn w6_feedback_that_names_no_commit_is_refused() {
    let world = World::start("w6_feedback_that_names_no_commit_is_refused");
    let sha = "0".repeat(40);
    let mut nameless = flux("");
    nameless["metadata"] = Value::Null;
    let mut update = flux(&sha);
    update["metadata"]["commit_status"] = "update".into();
    for (query, body, status, field) in [
        ("?env=staging", nameless, 400, "/metadata/revision"),
        ("?env=staging", flux("main"), 400, "/metadata/revision"),
        ("?env=..", flux(&sha), 400, "env"),
        ("", flux(&sha), 400, "env"),
        ("?env=staging", json!([]), 400, ""),
        (
            "?env=staging",
            json!({ "fill": "x".repeat(2 << 20) }),
            413,
            "",
        ),
        ("?env=staging", update, 200, ""),
        ("?env=staging", flux(&sha), 200, ""),
    ] {
        let answer = world
            .client()
            .post(&format!("/api/flux-events{query}"), &body)
            .expect(status);
        if status == 400 {
            assert_eq!(answer["field"], field, "{answer}");
        }
    }
    let unknown = world
        .client()
        .send("POST", "/api/flux-events?env=staging", &[], b"{}")
        .unwrap();
    assert_eq!(unknown.status, 401);
}

fn signed(body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let code = mac.chain_update(body.as_bytes()).finalize().into_bytes();
    code.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn preview(number: usize, repository: &str, branch: &str) -> Value {
    let mut shipped = artifact(
        number,
        vec![manifest(
            "staging",
            "web-{{ .BRANCH | sanitizeDNSName }}",
            "x",
        )],
    );
    shipped["version"]["repositoryName"] = repository.into();
    shipped["version"]["branch"] = branch.into();
    shipped["context"]["BRANCH"] = branch.into();
    shipped["environments"][0]["deploy"]["branch"] = "feature/*".into();
    shipped["environments"][0]["cleanup"] = json!({ "app": "web-{{ .BRANCH | sanitizeDNSName }}", "event": "branchDeleted", "branch": "feature/*" });
    shipped
}

fn previews(world: &World) -> Vec<String> {
    let mut found: Vec<String> = files(&world.gitops, "main")
        .iter()
        .filter_map(|path| {
            Some(
                path.strip_prefix("staging/web-")?
                    .split('/')
                    .next()?
                    .to_owned(),
            )
        })
        .collect();
    found.dedup();
    found
}

#[test]
fn x7_a_deleted_branch_is_told_by_signed_webhooks_alone() {
    let world = Setup::new("x7_a_deleted_branch_is_told_by_signed_webhooks_alone")
        .variable("github_webhook_secret", SECRET)
        .variable("gitlab_webhook_token", SECRET)
        .start();
    for (number, branch) in ["feature/a", "feature/b", "feature/c"].iter().enumerate() {
        world.ship(&preview(number + 1, "acme/shop", branch));
    }
    world.settle();
    assert_eq!(previews(&world), ["feature-a", "feature-b", "feature-c"]);
    let body = |branch: &str| {
        json!({ "ref": branch, "ref_type": "branch", "repository": { "full_name": "acme/shop" } })
            .to_string()
    };
    let github = |body: &str, signature: &str, delivery: &str| {
        let headers = [
            ("X-GitHub-Event", "delete"),
            ("X-Hub-Signature-256", signature),
            ("X-GitHub-Delivery", delivery),
        ];
        world
            .client()
            .send("POST", "/api/hooks/github", &headers, body.as_bytes())
            .unwrap()
    };
    let (a, b) = (body("feature/a"), body("feature/b"));
    let good = format!("sha256={}", signed(&a));
    for signature in [
        "",
        "sha256=",
        &good[..70],
        &signed(&a),
        &format!("sha256={}", signed(&b)),
    ] {
        let problem = github(&a, signature, "1").expect(401);
        assert!(!problem.to_string().contains(SECRET));
    }
    let queued = github(&a, &good, "1").expect(200);
    assert_eq!(
        (
            &queued["outcome"],
            queued["requests"].as_array().unwrap().len()
        ),
        (&json!("queued"), 1)
    );
    assert_eq!(github(&a, &good, "1").expect(200)["outcome"], "repeated");
    let ping = "{}";
    let ignored = github(ping, &format!("sha256={}", signed(ping)), "2").expect(200);
    assert_eq!(ignored["outcome"], "ignored");
    let large = "x".repeat(2 << 20);
    assert_eq!(github(&large, &good, "3").status, 413);
    // GitLab, whose secret comes as it is.
    let gitlab =
        json!({ "object_kind": "push", "ref": "refs/heads/feature/b", "after": "0".repeat(40),
        "project": { "path_with_namespace": "acme/shop" } })
        .to_string();
    let headers = [("X-Gitlab-Event", "Push Hook"), ("X-Gitlab-Token", SECRET)];
    let answer = world
        .client()
        .send("POST", "/api/hooks/gitlab", &headers, gitlab.as_bytes())
        .unwrap();
    assert_eq!(answer.expect(200)["outcome"], "queued");
    // No secret, no ear.
    let problem = world
        .client()
        .send("POST", "/api/hooks/gitea", &[], a.as_bytes())
        .unwrap()
        .expect(503);
    assert_eq!(problem["variable"], "gitea_webhook_secret");
    world.settle();
    world.gitops.fsck();
    assert_eq!(previews(&world), ["feature-c"]);
    let request = queued["requests"][0].as_str().unwrap();
    assert_eq!(world.event(request)["status"], "processed");
    assert!(!world.application.log().contains(SECRET));
}

#[test]
fn the_tick_finds_branches_that_are_gone() {
    let mut setup = Setup::new("the_tick_finds_branches_that_are_gone");
    setup.repositories = vec!["acme/shop.git"];
    let world = setup.start();
    let source = world.git.repository("acme/shop.git");
    for branch in ["main", "feature/a", "feature/b"] {
        let stream = format!(
            "commit refs/heads/{branch}\ncommitter A <a@example.org> 1700000000 +0000\ndata 1\nx\n\n"
        );
        source.git_with_input(&["fast-import", "--quiet"], stream.as_bytes());
    }
    for (number, branch) in ["feature/a", "feature/b"].iter().enumerate() {
        world.ship(&preview(number + 1, "acme/shop", branch));
    }
    world.settle();
    source.git(&["branch", "-D", "feature/a"]);
    assert_eq!(previews(&world), ["feature-a", "feature-b"]);
    // Five minutes go by.
    let database = world.files("application").join("state/sqlite_db.db");
    let database = rusqlite::Connection::open(database).unwrap();
    assert_eq!(
        database.execute("UPDATE branches SET due = 0", []).unwrap(),
        2
    );
    let report = world.flush();
    assert_eq!(report["sweep"]["deleted"], json!(["feature/a"]), "{report}");
    world.settle();
    assert_eq!(previews(&world), ["feature-b"]);
}
