//! The variable `gitops_repos`: what it may say, and how it is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]
// clippy.toml exempts test functions alone, not what they call.

use domain::{EnvName, GitopsRepositories, InvalidGitopsRepos};

const HOST: &str = "https://github.com";

fn parse(text: &str) -> Result<GitopsRepositories, InvalidGitopsRepos> {
    GitopsRepositories::parse(text, HOST)
}

fn env(name: &str) -> EnvName {
    name.parse().unwrap()
}

#[test]
fn gimletd_s_form_is_read() {
    let text = "env=production&repoPerEnv=true&gitopsRepo=o/prod; env=staging&repoPerEnv=false&gitopsRepo=o/all.git&branch=live;gitopsRepo=http%3A%2F%2Flocalhost%3A8080%2Fgit%2Fgitops%2F;";
    let repos = parse(text).unwrap();
    let prod = repos.repository_for(&env("production")).unwrap();
    assert_eq!(prod.url.as_str(), "https://github.com/o/prod.git");
    assert_eq!(
        (prod.name(), prod.env_folder(&env("production"))),
        ("o/prod", "")
    );
    let staging = repos.repository_for(&env("staging")).unwrap();
    assert_eq!(staging.url.as_str(), "https://github.com/o/all.git");
    assert_eq!(staging.branch.as_ref().unwrap().as_str(), "live");
    assert_eq!(staging.env_folder(&env("staging")), "staging");
    let other = repos.repository_for(&env("anything")).unwrap();
    assert_eq!(
        (other.url.as_str(), other.name()),
        ("http://localhost:8080/git/gitops", "git/gitops")
    );
    assert_eq!((other.branch.as_ref(), repos.all().len()), (None, 3));
}

#[test]
fn an_environment_without_an_entry_has_no_repository() {
    assert!(
        parse("env=a&gitopsRepo=o/r")
            .unwrap()
            .repository_for(&env("b"))
            .is_none()
    );
}

#[test]
fn a_host_of_one_s_own_stands_before_the_name() {
    let repos = GitopsRepositories::parse(
        "gitopsRepo=group/sub/r",
        "https://git.example.org:8443/scm/",
    )
    .unwrap();
    assert_eq!(
        repos.all()[0].url.as_str(),
        "https://git.example.org:8443/scm/group/sub/r.git"
    );
}

/// A URL's parser takes `%2e%2e` for `..`: a name must stay below the host's path, and within its own segments.
#[test]
fn no_repository_name_climbs_out_of_its_place() {
    let cases = [
        ("acme/web", "https://git.example/scm/acme/web.git"),
        (
            "acme/%2e%2e/%2E./other/private",
            "https://git.example/scm/acme/%252e%252e/%252E./other/private.git",
        ),
        ("acme/a%2Fb", "https://git.example/scm/acme/a%252Fb.git"),
        ("acme/a?b#c", "https://git.example/scm/acme/a%3Fb%23c.git"),
    ];
    for (name, expected) in cases {
        let name = name.parse().unwrap();
        let url = domain::source_repository_url("https://git.example/scm/", &name).unwrap();
        assert_eq!(url.as_str(), expected);
    }
}

#[test]
fn what_is_wrong_is_named_with_its_entry_and_no_secret() {
    let table = [
        ("", "is empty"),
        (" ; ", "is empty"),
        ("env=a", "entry 1: gitopsRepo is missing"),
        ("env=a&gitopsRepo=", "entry 1: gitopsRepo is missing"),
        (
            "env=A&gitopsRepo=o/r",
            "entry 1: 'env' must be a Kubernetes name",
        ),
        ("env=a/b&gitopsRepo=o/r", "entry 1: 'env' must"),
        (
            "gitopsRepo=o/r;env=a&gitopsRepo=r",
            "entry 2: 'gitopsRepo' must be 'owner/name'",
        ),
        ("gitopsRepo=o/../r", "'gitopsRepo' must"),
        (
            "gitopsRepo=o/r&repoPerEnv=maybe",
            "entry 1: 'repoPerEnv' must be true or false",
        ),
        (
            "gitopsRepo=o/r&repoPerEnv=true",
            "entry 1: repoPerEnv=true needs env",
        ),
        (
            "gitopsRepo=o/r&branch=a..b",
            "entry 1: 'branch' must be a branch name",
        ),
        (
            "gitopsRepo=o/r&deployKeyPath=s3cret",
            "entry 1: only env, repoPerEnv, gitopsRepo and branch",
        ),
        (
            "gitopsRepo=o/r&gitopsRepo=o/s",
            "entry 1: 'gitopsRepo' stands twice",
        ),
        (
            "env=a&gitopsRepo=o/r;env=a&gitopsRepo=o/s",
            "entry 2: an earlier entry is for the same env",
        ),
        (
            "gitopsRepo=o/r;gitopsRepo=o/s",
            "entry 2: an earlier entry is for the same env",
        ),
        (
            "env=a&repoPerEnv=true&gitopsRepo=o/r;env=b&gitopsRepo=o/r",
            "entry 2: a repository with repoPerEnv=true",
        ),
        (
            "gitopsRepo=ssh://git@h/o/r",
            "entry 1: the URL in 'gitopsRepo' must be a http or https URL",
        ),
        ("gitopsRepo=file:///etc", "must be a http or https URL"),
        (
            "gitopsRepo=https://bot:s3cret@h/o/r",
            "must hold no user name or password",
        ),
        (
            "gitopsRepo=https://s3cret@h/o/r",
            "must hold no user name or password",
        ),
        (
            "gitopsRepo=https://h/o/r%3Ftoken=s3cret",
            "must have no '?' or '#'",
        ),
        ("gitopsRepo=https://h", "must have the path of a repository"),
        ("gitopsRepo=https://", "must be a http or https URL"),
    ];
    for (text, part) in table {
        let error = parse(text).unwrap_err();
        assert!(error.to_string().contains(part), "{text}: {error}");
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{text}: {error:?}"
        );
    }
    let error = GitopsRepositories::parse("gitopsRepo=o/r", "github.com").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the variable git_host must be a http or https URL, such as https://github.com"
    );
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_configuration_or_an_error(text in "\\PC{0,60}", key in "(env|repoPerEnv|gitopsRepo|branch)") {
        let _ = parse(&text);
        let _ = parse(&format!("{key}={text}&gitopsRepo=o/r"));
        let _ = GitopsRepositories::parse("gitopsRepo=o/r", &text);
    }
}
