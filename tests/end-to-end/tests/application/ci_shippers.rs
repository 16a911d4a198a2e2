//! What `infra/` has for CI ships: its own shell scripts, run as GitHub Actions and GitLab CI run them, with a job's OIDC token.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use end_to_end::artifacts::{config_map, sha};
use end_to_end::history::{file, releases};
use end_to_end::world::{Setup, World};
use harness::components::workspace;
use harness::oidc_issuer::{OidcIssuer, SigningKey};
use harness::skip;
use harness::web_server::{Told, WebServer};
use serde_json::json;

const AUDIENCE: &str = "https://wimble.example";
const REPOSITORY: &str = "acme/web";

fn is_installed(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").output();
    asked.is_ok_and(|output| output.status.success())
}

/// Whether the scripts can be run here.
fn skipped(test: &str) -> bool {
    let missing = ["bash", "curl", "jq"]
        .into_iter()
        .find(|program| !is_installed(program));
    if let Some(program) = missing {
        skip::not_installed(test, program);
    }
    missing.is_some()
}

/// The only block of text in a workflow, at its end: its script.
fn script(workflow: &str) -> String {
    let text = std::fs::read_to_string(workspace().join(workflow)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let opens = |line: &&str| ["run: |", "- |"].contains(&line.trim());
    let begin = lines.iter().position(opens).unwrap();
    let block = &lines[begin + 1..];
    let indent = block[0].len() - block[0].trim_start().len();
    let block = block
        .iter()
        .map(|line| line.get(indent..).unwrap_or_default());
    block.collect::<Vec<_>>().join("\n")
}

/// An application that takes the tokens of this issuer, and knows its keys.
fn world(test: &'static str, issuer: &OidcIssuer, provider: &str) -> World {
    let url = issuer.url();
    let issuers = format!("issuer={url}&audience={AUDIENCE}&repository=acme/*&provider={provider}");
    let world = Setup::new(test)
        .variable("oidc_issuers", &issuers)
        .variable("oidc_host", &url)
        .start();
    world.flush();
    world
}

/// A job's token; `claim` names the repository.
fn token(key: &SigningKey, issuer: &OidcIssuer, claim: &str) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let header = json!({ "typ": "JWT", "alg": key.algorithm(), "kid": "k1" });
    let claims = json!({
        "iss": issuer.url(), "aud": AUDIENCE, claim: REPOSITORY, "iat": now, "nbf": now - 10, "exp": now + 300,
    });
    key.jwt(&header, &claims)
}

/// Runs a script where a source repository is, with what the CI system sets.
fn run(script: &str, source: &Path, variables: &[(&str, &str)]) {
    let deploy = source.join("deploy");
    std::fs::create_dir_all(&deploy).unwrap();
    for env in ["staging", "production"] {
        let text = config_map("web", "{{ .SHA }}");
        std::fs::write(deploy.join(format!("{env}.yaml")), text).unwrap();
    }
    let output = Command::new("bash")
        .args(["-c", script])
        .current_dir(source)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    let answer = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{answer}");
}

fn assert_released(world: &World, env: &str) {
    world.settle();
    let commits = releases(&world.gitops);
    let places: Vec<&str> = commits.iter().map(|commit| commit.place()).collect();
    assert_eq!(places, [format!("{env}/web")]);
    assert_eq!(commits[0].trailer("Source-Sha"), sha(1));
    let text = file(&world.gitops, "main", &format!("{env}/web/manifest.yaml"));
    assert!(text.unwrap().contains(&sha(1)));
}

#[test]
fn a_push_is_shipped_from_github_actions() {
    const TEST: &str = "a_push_is_shipped_from_github_actions";
    if skipped(TEST) {
        return;
    }
    let key = SigningKey::p256(3);
    let issuer = OidcIssuer::start(vec![key.to_jwk("k1")]);
    let world = world(TEST, &issuer, "github");
    let url = format!("http://{}", world.client().address());
    let (asked_for, token) = (url.clone(), token(&key, &issuer, "repository"));
    // What a runner has for its jobs.
    let runner = WebServer::start(move |asked| {
        assert_eq!(asked.header("authorization"), Some("bearer job"));
        assert_eq!(asked.parameter("audience"), Some(asked_for.as_str()));
        Told::new(200, json!({ "value": token }).to_string())
    });
    let request = format!("{}/token?api-version=2.0", runner.origin());
    let variables = [
        ("WIMBLE_URL", url.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", &request),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job"),
        ("GITHUB_REF_TYPE", "branch"),
        ("GITHUB_REF_NAME", "main"),
        ("GITHUB_REPOSITORY", REPOSITORY),
        ("GITHUB_SHA", &sha(1)),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_ACTOR", "ann"),
        ("GITHUB_RUN_ID", "7"),
        ("GITHUB_RUN_ATTEMPT", "1"),
        ("MESSAGE", "It's \"new\"\n\nand ready"),
    ];
    let source = world.files("source");
    run(&script("infra/github-ship.yaml"), &source, &variables);
    assert_released(&world, "staging");
}

#[test]
fn a_tag_is_shipped_from_gitlab_ci() {
    const TEST: &str = "a_tag_is_shipped_from_gitlab_ci";
    if skipped(TEST) {
        return;
    }
    let key = SigningKey::p256(3);
    let issuer = OidcIssuer::start(vec![key.to_jwk("k1")]);
    let world = world(TEST, &issuer, "gitlab");
    let url = format!("http://{}", world.client().address());
    let token = token(&key, &issuer, "project_path");
    let variables = [
        ("WIMBLE_URL", url.as_str()),
        ("WIMBLE_TOKEN", &token),
        ("CI_COMMIT_TAG", "v1.0.0"),
        ("CI_PROJECT_PATH", REPOSITORY),
        ("CI_COMMIT_SHA", &sha(1)),
        ("CI_COMMIT_MESSAGE", "ready"),
        ("CI_PROJECT_URL", "https://gitlab.com/acme/web"),
        ("GITLAB_USER_LOGIN", "ann"),
        ("CI_JOB_ID", "7"),
    ];
    let source = world.files("source");
    run(&script("infra/gitlab-ship.yaml"), &source, &variables);
    assert_released(&world, "production");
}
