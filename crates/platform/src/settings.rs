//! The application's variables: read when they are needed, checked, and reported by name. A secret is never part of an
//! error.

use access::oidc::Issuers;
use domain::{ArtifactLimits, GitopsRepositories, allowed_host_fault};
use gitwire::Credentials;
use notify::{Destinations, Gimletd, Links};
use release::charts::ChartSettings;
use release::charts::settings::ChartCredentials;
use release::health::Misconfigured;
use release::retention::Retention;
use release::settings::{Author, FlushSettings};
use spin_sdk::variables;

use crate::answer::Problem;
use crate::auth::SHORTEST_ADMIN_TOKEN;

const NOT_SET: &str = "is not set";
const UNREADABLE: &str = "cannot be read from the platform's variables provider";
const VARIABLE: &str = "the variable ";
/// Hosted platforms end a request after 30 s; a flush takes no new work after this.
const FLUSH_BUDGET_MS: u64 = 20_000;

/// What the flush may reach; spin.toml gives it each of these.
const FLUSH_HOSTS: [&str; 9] = [
    "git_host",
    "oidc_host",
    "oidc_host_2",
    "chart_host",
    "chart_host_2",
    "chart_host_3",
    "chart_host_4",
    "chart_host_5",
    "chart_host_6",
];
/// What notifications may reach.
const NOTIFICATION_HOSTS: [&str; 4] = [
    "notifications_host",
    "notifications_host_2",
    "notifications_host_3",
    "notifications_host_4",
];

/// The value of a variable; empty where the platform has none.
fn get(name: &str) -> Result<String, Problem> {
    match variables::get(name) {
        Ok(value) => Ok(value.trim().to_owned()),
        Err(variables::Error::Undefined(_)) => Ok(String::new()),
        Err(_) => Err(wrong(name, UNREADABLE)),
    }
}

fn number(
    name: &'static str,
    range: std::ops::RangeInclusive<usize>,
    default: usize,
) -> Result<usize, Problem> {
    let text = get(name)?;
    if text.is_empty() {
        return Ok(default);
    }
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(wrong(
            name,
            &format!(
                "must be a whole number from {} to {}",
                range.start(),
                range.end()
            ),
        )),
    }
}

/// Whether Spin can read these hosts: it denies a component every host while one of them cannot be read.
fn readable(hosts: &[&str]) -> Result<(), Problem> {
    for name in hosts {
        if let Some(fault) = allowed_host_fault(&get(name)?) {
            return Err(wrong(
                name,
                &format!("{fault}; until then no host at all is reached"),
            ));
        }
    }
    Ok(())
}

fn wrong(name: &str, problem: &str) -> Problem {
    let detail = format!("{VARIABLE}{name} {problem}");
    Problem::new(503, "not-configured", "Service Unavailable", detail).member("variable", name)
}

/// The first admin's token; empty where none is set.
///
/// # Errors
///
/// When the platform's variables cannot be read.
pub fn admin_token() -> Result<String, Problem> {
    get("admin_token")
}

/// Whose OIDC tokens are taken; none where the variable is empty.
///
/// # Errors
///
/// When the variable is wrong.
pub fn oidc_issuers() -> Result<Issuers, Problem> {
    let text = get("oidc_issuers")?;
    Issuers::parse(&text).map_err(|error| wrong("oidc_issuers", &error.to_string()))
}

/// What is missing or wrong among the variables without which nothing is taken or released, but for `chart_credentials`, which
/// only the flush sees. Names and words of our own, no values: `GET /healthz` tells everybody.
pub fn problems() -> Vec<Misconfigured> {
    let told = |variable: &str, problem: &str| Misconfigured {
        variable: variable.to_owned(),
        problem: problem.to_owned(),
    };
    let mut problems = Vec::new();
    match admin_token() {
        Ok(token) if token.is_empty() => problems.push(told("admin_token", NOT_SET)),
        Ok(token) if token.len() < SHORTEST_ADMIN_TOKEN => {
            problems.push(told("admin_token", "is shorter than 16 characters"));
        }
        Ok(_) => {}
        Err(_) => problems.push(told("admin_token", UNREADABLE)),
    }
    if oidc_issuers().is_err() {
        let problem = "is not right; a call with a token that is none of Wimble's own is told why";
        problems.push(told("oidc_issuers", problem));
    }
    let empty = get("gitops_repos").is_ok_and(|text| text.is_empty());
    match gitops_repositories() {
        Ok(_) => {}
        Err(_) if empty => problems.push(told("gitops_repos", NOT_SET)),
        Err(_) => {
            let problem = "or git_host is not right; POST /internal/flush says why";
            problems.push(told("gitops_repos", problem));
        }
    }
    for name in FLUSH_HOSTS.into_iter().chain(NOTIFICATION_HOSTS) {
        if let Some(problem) = get(name).map_or(Some(UNREADABLE), |host| allowed_host_fault(&host))
        {
            problems.push(told(name, problem));
        }
    }
    let others = [
        max_body_bytes().map(drop),
        max_waiting().map(drop),
        max_batch().map(drop),
        max_fetch_bytes().map(drop),
        author().map(drop),
        retention().map(drop),
        kubernetes().map(drop),
        charts().map(drop),
    ];
    for problem in others.into_iter().filter_map(Result::err) {
        let variable = problem.variable();
        let rule = problem.detail().strip_prefix(VARIABLE);
        let rule = rule.and_then(|rule| rule.strip_prefix(variable));
        problems.push(told(variable, rule.unwrap_or_default().trim()));
    }
    problems
}

/// The most bytes of a request's body.
///
/// # Errors
///
/// When the variable is no sensible number.
pub fn max_body_bytes() -> Result<usize, Problem> {
    number(
        "max_body_bytes",
        1_024..=ArtifactLimits::MOST_BYTES,
        1 << 20,
    )
}

/// How many artifacts and releases may wait before new ones are turned away.
///
/// # Errors
///
/// When the variable is no sensible number.
pub fn max_waiting() -> Result<i64, Problem> {
    let most = number("max_waiting", 1..=100_000, 800)?;
    Ok(i64::try_from(most).unwrap_or(i64::MAX))
}

/// What is kept, and for how long.
///
/// # Errors
///
/// When a variable is no sensible number.
pub fn retention() -> Result<Retention, Problem> {
    Ok(Retention {
        days: limit("retention_days", 36_500)?,
        newest: limit("retention_per_repository", 10_000)?,
        audit_days: limit("audit_retention_days", 36_500)?,
    })
}

/// A number from 1 on; none where the variable is empty.
fn limit(name: &'static str, most: usize) -> Result<Option<u32>, Problem> {
    if get(name)?.is_empty() {
        return Ok(None);
    }
    let number = number(name, 1..=most, 1)?;
    Ok(u32::try_from(number).ok())
}

/// Everything that the flush needs to know.
///
/// # Errors
///
/// When a variable is missing or wrong.
pub fn flush() -> Result<FlushSettings, Problem> {
    let repositories = gitops_repositories()?;
    readable(&FLUSH_HOSTS)?;
    Ok(FlushSettings {
        repositories,
        author: author()?,
        budget_ms: FLUSH_BUDGET_MS,
        max_batch: max_batch()?,
    })
}

/// A commit that Git does not take would end every release as an error.
fn author() -> Result<Author, Problem> {
    const RULE: &str = "must hold neither < nor > nor control characters";
    let checked = |name: &str| {
        let text = get(name)?;
        match text.contains(|c: char| matches!(c, '<' | '>') || c.is_control()) {
            true => Err(wrong(name, RULE)),
            false => Ok(text),
        }
    };
    let (name, email) = (
        checked("commit_author_name")?,
        checked("commit_author_email")?,
    );
    if name.is_empty() {
        return Err(wrong("commit_author_name", NOT_SET));
    }
    Ok(Author { name, email })
}

fn max_batch() -> Result<usize, Problem> {
    number("max_batch", 1..=5_000, 1_000)
}

/// What proves who we are to the Git host: HTTP Basic with `git_username`, or Bearer where that is empty.
///
/// # Errors
///
/// When the platform's variables cannot be read.
pub fn git_credentials() -> Result<Credentials, Problem> {
    let token = get("git_token")?;
    let username = get("git_username")?;
    Ok(match (token.is_empty(), username.is_empty()) {
        (true, _) => Credentials::None,
        (false, true) => Credentials::Bearer(token),
        (false, false) => Credentials::Basic {
            username,
            password: token,
        },
    })
}

/// The most bytes of one fetch from a Git host.
///
/// # Errors
///
/// When the variable is no sensible number.
pub fn max_fetch_bytes() -> Result<usize, Problem> {
    number("max_fetch_bytes", 1 << 20..=1 << 30, 256 << 20)
}

/// The cluster that charts are rendered for, as `.Capabilities` shows it.
#[derive(Debug, Clone, Default)]
pub struct Kubernetes {
    /// Such as `v1.31.2`; empty for the version that Helm takes for granted.
    pub version: String,
    /// API versions beside those that Helm knows, such as `monitoring.coreos.com/v1`.
    pub api_versions: Vec<String>,
}

/// The cluster that charts are rendered for.
///
/// # Errors
///
/// When a variable is wrong.
pub fn kubernetes() -> Result<Kubernetes, Problem> {
    let api_versions = get("kubernetes_api_versions")?;
    let api_versions = api_versions.split(',').map(str::trim);
    let version = get("kubernetes_version")?;
    if !version.is_empty() && !is_kubernetes_version(&version) {
        return Err(wrong(
            "kubernetes_version",
            "must be a version such as v1.31.2",
        ));
    }
    Ok(Kubernetes {
        version,
        api_versions: api_versions
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    })
}

/// Whether the renderer can read it (`ParseGeneric` of `k8s.io/apimachinery/pkg/util/version`): otherwise every release of a chart
/// would end as an error.
fn is_kubernetes_version(text: &str) -> bool {
    let bare = text.strip_prefix('v').unwrap_or(text);
    let numbers = bare.split(|c: char| !c.is_ascii_digit() && c != '.').next();
    let mut numbers = numbers.unwrap_or_default().trim_end_matches('.').split('.');
    let is_number =
        |part: &str| part.parse::<u32>().is_ok() && (part.len() == 1 || !part.starts_with('0'));
    numbers.clone().count() > 1 && numbers.all(is_number)
}

/// What charts are fetched with. The Git token is for charts in Git on the Git host.
///
/// # Errors
///
/// When a variable is wrong.
pub fn charts() -> Result<ChartSettings, Problem> {
    let credentials = ChartCredentials::parse(&get("chart_credentials")?)
        .map_err(|error| wrong("chart_credentials", &format!("is not right: {error}")))?;
    let seconds = number("chart_max_age_seconds", 0..=86_400, 300)?;
    let loopback_http = match get("chart_loopback_http")?.as_str() {
        "true" => true,
        "" | "false" => false,
        _ => return Err(wrong("chart_loopback_http", "must be true or false")),
    };
    let settings = ChartSettings {
        credentials,
        max_chart_bytes: number("max_chart_bytes", 1_024..=64 << 20, 10 << 20)?,
        max_age_ms: u64::try_from(seconds).unwrap_or_default() * 1_000,
        loopback_http,
        ..ChartSettings::default()
    };
    Ok(settings.with_git_host(&get("git_host")?, git_credentials()?))
}

/// Where events are told. Links lead to the GitOps repositories where those are set; they are no reason to keep silent.
///
/// # Errors
///
/// When a variable is wrong.
pub fn notifications() -> Result<release::notifications::Settings, Problem> {
    let git_host = get("git_host")?;
    let variables = [
        get("notifications_provider")?,
        get("notifications_token")?,
        get("notifications_default_channel")?,
        get("notifications_channel_mapping")?,
    ];
    let [provider, token, default_channel, channel_mapping] = &variables;
    let gimletd = Gimletd {
        provider,
        token,
        default_channel,
        channel_mapping,
    };
    let destinations = Destinations::parse(&get("notifications")?, &gimletd, &git_host)
        .map_err(|error| wrong(error.variable(), &error.to_string()))?;
    if !destinations.all().is_empty() {
        readable(&NOTIFICATION_HOSTS)?;
    }
    let repositories = GitopsRepositories::parse(&get("gitops_repos")?, &git_host).ok();
    // GitLab's user name for tokens, as spin.toml tells to set it.
    let gitlab = get("git_username")? == "oauth2";
    Ok(release::notifications::Settings {
        destinations,
        links: Links::new(repositories, &git_host, gitlab),
    })
}

/// The secret of a Git host's webhooks.
///
/// # Errors
///
/// When it is not set: without it nobody is listened to.
pub fn webhook_secret(name: &'static str) -> Result<String, Problem> {
    let secret = get(name)?;
    if secret.is_empty() {
        return Err(wrong(
            name,
            "is not set: webhooks of this host are not taken",
        ));
    }
    Ok(secret)
}

/// The Git host, such as `https://github.com`.
///
/// # Errors
///
/// When the platform's variables cannot be read.
pub fn git_host() -> Result<String, Problem> {
    get("git_host")
}

/// The GitOps repositories, where a component needs no more of the flush's settings.
///
/// # Errors
///
/// When a variable is missing or wrong.
pub fn gitops_repositories() -> Result<GitopsRepositories, Problem> {
    let (text, host) = (get("gitops_repos")?, get("git_host")?);
    GitopsRepositories::parse(&text, &host)
        .map_err(|error| wrong("gitops_repos", &format!("is not right: {error}")))
}
