//! The routes for users and tokens: GimletD's shapes, with roles and limits beside them. Every act is recorded before it is
//! done.

use access::{Dimension, Grant, Limits, Role, Scope};
use domain::Login;
use platform::body::{self, Fields, wrong};
use platform::{Answer, Call, Problem, SpinSqlite, SystemClock};
use release::database::Sql;
use release::ports::Clock as _;
use release::query::{Parameters, decode_path};
use release::users::{self, TokenWish};
use serde_json::Value;

type Db<'a> = Sql<'a, SpinSqlite>;

/// Ten years.
const LONGEST_LIFE_S: u64 = 10 * 366 * 86_400;
/// How long a token that was rotated still opens, where nothing else is said: until every client has the new one.
const GRACE_S: u64 = 3_600;
/// Thirty days.
const LONGEST_GRACE_S: u64 = 30 * 86_400;
/// Bytes of a token's name.
const NAME: usize = 100;

/// `GET /api/users`.
pub(crate) async fn list(call: &Call, sql: &Db<'_>) -> Result<Answer, Problem> {
    let page = users::page(sql, &Parameters::parse(&call.query)).await?;
    let users: Vec<Value> = page.items.iter().map(|user| user.to_json(None)).collect();
    Ok(call.linked(Answer::json(200, &users), page.next.as_deref()))
}

/// `POST /api/user` and `POST /api/saveUser`.
pub(crate) async fn create(mut call: Call, sql: &Db<'_>) -> Result<Answer, Problem> {
    let fields = body::object(&call.body().await?)?;
    let login: Login = fields.mandatory("login", "login")?;
    let grant = Grant {
        role: role_of_user(&fields, &login)?,
        limits: limits(&fields)?,
    };
    let wish = TokenWish {
        lives_ms: life_ms(&fields)?,
        ..TokenWish::named("first")
    };
    record(&call, &format!("create user {login} as {}", grant.role)).await?;
    let (user, minted) = users::create(sql, &SystemClock, &login, grant, wish).await?;
    Ok(Answer::json(201, &user.to_json(Some(&minted))))
}

/// What GimletD's clients leave out: there a user who is no admin may do everything but manage users, and Flux has a user
/// `flux`.
fn role_of_user(fields: &Fields, login: &Login) -> Result<Role, Problem> {
    let admin = fields.flag("admin")?;
    match (role(fields)?, admin) {
        (Some(role), Some(admin)) if admin != (role == Role::Admin) => {
            Err(wrong("admin", "must say the same as role, or be left out"))
        }
        (Some(role), _) => Ok(role),
        (None, Some(true)) => Ok(Role::Admin),
        (None, _) if login.as_str() == "flux" => Ok(Role::Flux),
        (None, _) => Ok(Role::Releaser),
    }
}

fn role(fields: &Fields) -> Result<Option<Role>, Problem> {
    let Some(text) = fields.text("role")? else {
        return Ok(None);
    };
    let role = text.parse();
    role.map(Some)
        .map_err(|error: access::UnknownRole| wrong("role", &error.to_string()))
}

fn limits(fields: &Fields) -> Result<Limits, Problem> {
    let mut limits = Limits::default();
    for dimension in Dimension::ALL {
        let name = dimension.plural();
        if let Some(names) = fields.texts(name)? {
            limits = limits
                .limited(dimension, &names)
                .map_err(|error| wrong(name, &error.to_string()))?;
        }
    }
    Ok(limits)
}

fn life_ms(fields: &Fields) -> Result<Option<u64>, Problem> {
    let seconds = fields.whole("expiresInSeconds", 1..=LONGEST_LIFE_S)?;
    Ok(seconds.map(|seconds| seconds.saturating_mul(1000)))
}

/// `GET /api/user/{login}`. Of a token only its digest is kept, so `withToken=true` makes a new one: GimletD's clients ask for a
/// token that works, and get one. Those before it still work.
pub(crate) async fn show(call: &Call, sql: &Db<'_>) -> Result<Answer, Problem> {
    let login = decode_path(call.parameters.get("login"));
    let parameters = Parameters::parse(&call.query);
    if parameters.get("withToken") != Some("true") {
        let user = users::user(sql, &login).await?;
        return Ok(Answer::json(200, &user.to_json(None)));
    }
    users::user(sql, &login).await?;
    record(call, &format!("create token of user {login}")).await?;
    let wish = TokenWish::named("withToken");
    let (user, minted) = users::mint(sql, &SystemClock, &login, wish).await?;
    Ok(Answer::json(200, &user.to_json(Some(&minted))))
}

/// `DELETE /api/user/{login}`.
pub(crate) async fn delete(call: &Call, sql: &Db<'_>) -> Result<Answer, Problem> {
    let login = decode_path(call.parameters.get("login"));
    remove(call, sql, &login).await
}

/// `POST /api/deleteUser`: the login as a JSON string, as Gimlet's dashboard sends it, or in an object.
pub(crate) async fn delete_by_body(mut call: Call, sql: &Db<'_>) -> Result<Answer, Problem> {
    let bytes = call.body().await?;
    let login = match serde_json::from_slice::<String>(&bytes) {
        Ok(login) => login.parse().map_err(|error: domain::InvalidName| {
            wrong("login", &format!("must {}", error.rule))
        })?,
        Err(_) => body::object(&bytes)?.mandatory::<Login>("login", "login")?,
    };
    if login == call.login()? {
        return Err(wrong("login", "must not be your own"));
    }
    remove(&call, sql, login.as_str()).await
}

async fn remove(call: &Call, sql: &Db<'_>, login: &str) -> Result<Answer, Problem> {
    record(call, &format!("delete user {login}")).await?;
    users::delete(sql, &SystemClock, login).await?;
    Ok(Answer::empty(204))
}

/// `GET /api/user/{login}/tokens`.
pub(crate) async fn tokens(call: &Call, sql: &Db<'_>) -> Result<Answer, Problem> {
    let login = decode_path(call.parameters.get("login"));
    let tokens = users::tokens(sql, &login, SystemClock.now_ms()).await?;
    let tokens: Vec<Value> = tokens.iter().map(|token| token.to_json(None)).collect();
    Ok(Answer::json(200, &tokens))
}

/// `POST /api/user/{login}/tokens`: `name`, `role`, limits, `expiresInSeconds`, each of which may be left out.
pub(crate) async fn mint(mut call: Call, sql: &Db<'_>) -> Result<Answer, Problem> {
    let login = decode_path(call.parameters.get("login"));
    let fields = body::object(&call.body().await?)?;
    let wish = TokenWish {
        name: name(&fields)?,
        role: role(&fields)?,
        limits: limits(&fields)?,
        lives_ms: life_ms(&fields)?,
    };
    record(&call, &format!("create token of user {login}")).await?;
    let (_, minted) = users::mint(sql, &SystemClock, &login, wish).await?;
    Ok(Answer::json(201, &minted.info.to_json(Some(&minted.token))))
}

fn name(fields: &Fields) -> Result<String, Problem> {
    let name = fields.text("name")?.unwrap_or_default();
    if name.len() > NAME || name.chars().any(char::is_control) {
        let rule = format!("must be at most {NAME} bytes, without control characters");
        return Err(wrong("name", &rule));
    }
    Ok(name.to_owned())
}

/// `DELETE /api/user/{login}/tokens/{id}`.
pub(crate) async fn revoke(call: &Call, sql: &Db<'_>) -> Result<Answer, Problem> {
    let (login, id) = token_of(call);
    record(call, &format!("revoke token {id} of user {login}")).await?;
    users::revoke(sql, &login, &id).await?;
    Ok(Answer::empty(204))
}

/// `POST /api/user/{login}/tokens/{id}/rotate`: `graceSeconds` (an hour), for which the old token still opens.
pub(crate) async fn rotate(mut call: Call, sql: &Db<'_>) -> Result<Answer, Problem> {
    let bytes = call.body().await?;
    let grace = match bytes.is_empty() {
        true => None,
        false => body::object(&bytes)?.whole("graceSeconds", 0..=LONGEST_GRACE_S)?,
    };
    let grace_ms = grace.unwrap_or(GRACE_S).saturating_mul(1000);
    let (login, id) = token_of(&call);
    record(&call, &format!("rotate token {id} of user {login}")).await?;
    let minted = users::rotate(sql, &SystemClock, &login, &id, grace_ms).await?;
    Ok(Answer::json(201, &minted.info.to_json(Some(&minted.token))))
}

fn token_of(call: &Call) -> (String, String) {
    let part = |name| decode_path(call.parameters.get(name));
    (part("login"), part("id"))
}

/// Managing users touches everything: a token could be given any limits.
async fn record(call: &Call, detail: &str) -> Result<(), Problem> {
    let printable: String = detail.chars().filter(|c| !c.is_control()).collect();
    call.record(&Scope::everything(), &printable, "").await
}
