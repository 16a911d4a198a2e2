//! Takes webhooks of Git hosts: `POST /api/hooks/github`, `/api/hooks/gitlab`, `/api/hooks/gitea`. Whoever signs knows the
//! secret; nobody else is listened to. It can queue deletions that cleanup policies name, and nothing else.

use access::Route;
use domain::HookSource;
use platform::log::{self, Level};
use platform::{
    Answer, Call, Problem, SpinKeyValue, SpinSqlite, SystemClock, serve, settings, template,
};
use release::database::Sql;
use release::query::Parameters;
use release::webhook::{Received, Webhook, is_signed, receive};
use spin_sdk::http::{IncomingRequest, Response};
use spin_sdk::http_component;

#[http_component]
async fn handle(request: IncomingRequest) -> Response {
    serve("git-webhooks", request, route).await
}

/// Where a host says what: its secret's variable, the headers of signature and event, and those of the delivery.
struct Headers {
    secret: &'static str,
    signature: &'static str,
    event: &'static str,
    deliveries: &'static [&'static str],
}

fn headers(source: HookSource) -> Headers {
    match source {
        HookSource::Github => Headers {
            secret: "github_webhook_secret",
            signature: "x-hub-signature-256",
            event: "x-github-event",
            deliveries: &["x-github-delivery"],
        },
        HookSource::Gitlab => Headers {
            secret: "gitlab_webhook_token",
            signature: "x-gitlab-token",
            event: "x-gitlab-event",
            // The first stays the same when GitLab sends again.
            deliveries: &["idempotency-key", "x-gitlab-event-uuid"],
        },
        HookSource::Gitea => Headers {
            secret: "gitea_webhook_secret",
            signature: "x-gitea-signature",
            event: "x-gitea-event",
            deliveries: &["x-gitea-delivery"],
        },
    }
}

async fn route(mut call: Call) -> Result<Answer, Problem> {
    let source = match call.route {
        Route::GithubWebhook => HookSource::Github,
        Route::GitlabWebhook => HookSource::Gitlab,
        Route::GiteaWebhook => HookSource::Gitea,
        _ => return Err(Problem::not_found("there is no such route")),
    };
    let names = headers(source);
    let secret = settings::webhook_secret(names.secret)?;
    let header = |name: &str| call.header(name).unwrap_or_default().to_owned();
    let (signature, event) = (header(names.signature), header(names.event));
    let deliveries = names.deliveries.iter().map(|name| header(name));
    let delivery = deliveries.into_iter().find(|id| !id.is_empty());
    let form = header("content-type").starts_with("application/x-www-form-urlencoded");
    let body = call.body().await?;
    if !is_signed(source, &secret, &signature, &body) {
        let detail = format!(
            "the webhook is not signed with the secret of variable {}",
            names.secret
        );
        return Err(call.unsigned(detail).await);
    }
    let body = if form { payload(&body) } else { body };
    let webhook = Webhook {
        source,
        event: &event,
        delivery: delivery.as_deref().unwrap_or_default(),
        body: &body,
    };
    let db = SpinSqlite::open()?;
    let kv = SpinKeyValue::open()?;
    let received = receive(&kv, &Sql::new(&db), &SystemClock, &template(), &webhook).await?;
    report_problems(&received);
    Ok(Answer::json(200, &received))
}

/// GitHub and Gitea can send the JSON as a form's field.
fn payload(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let fields = Parameters::parse(&text);
    fields
        .get("payload")
        .unwrap_or_default()
        .as_bytes()
        .to_vec()
}

fn report_problems(received: &Received) {
    if let Received::Queued(report) = received {
        for problem in &report.problems {
            log::write(
                Level::Error,
                "git-webhooks",
                "a cleanup policy cannot be used",
                &[("error", problem.as_str().into())],
            );
        }
    }
}
