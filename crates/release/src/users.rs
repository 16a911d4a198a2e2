//! Users and their tokens. A token is told once, to whoever asked for it, and kept as a digest alone: nobody can read it again.
//!
//! Order of the durable writes: a user's first token, then the user. A token without its user opens nothing, so a process
//! that dies in between has made nothing that works, and the same call can be made again. Of a removed user the row goes
//! first: all tokens end with it, at once. A user has an id beside the login, so that a login that is given again does not
//! bring old tokens back.

use access::{Digest, Dimension, Grant, Limits, Principal, Role, Token, Via};
use domain::Login;
use serde_json::{Map, Value, json};

use crate::database::Sql;
use crate::page::{Page, Place as _, Window};
use crate::ports::{Clock, Database, DatabaseError, new_uuid};
use crate::query::{Parameters, QueryError, printable};
use crate::store::users::{self, TokenRow, UserPlace, UserRow};

/// The login of whoever has the token in the variable `admin_token`.
pub const ADMIN: &str = "admin";
/// Tokens that one user may have at once.
const MOST_TOKENS: usize = 100;
/// Users of one application.
const MOST_USERS: usize = 10_000;
/// A token that is older than this and has no user was left behind by a process that died.
const ABANDONED_MS: u64 = 3_600_000;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The login is taken.
    #[error("there is a user {0} already")]
    Taken(Login),
    /// The login cannot be given.
    #[error("the login {0} cannot be given: {1}")]
    Unfit(Login, &'static str),
    /// There is no such user.
    #[error("there is no user {0}")]
    UnknownUser(String),
    /// The user has no such token.
    #[error("{0} has no token with this id")]
    UnknownToken(String),
    /// The admin of the variable is no row.
    #[error("{ADMIN} is whoever has the token in the variable admin_token: change the variable")]
    BuiltIn,
    /// The user has too many tokens.
    #[error("{0} has {MOST_TOKENS} tokens already: revoke one that is not used")]
    TooManyTokens(Login),
    /// There are too many users.
    #[error("there are {MOST_USERS} users already")]
    TooManyUsers,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What a token is to be.
#[derive(Debug, Clone)]
pub struct TokenWish {
    /// For people; may be empty.
    pub name: String,
    /// What it may, at most; the user's own role where none is given.
    pub role: Option<Role>,
    /// Where it may, at most.
    pub limits: Limits,
    /// How long it lives; for good where none is given.
    pub lives_ms: Option<u64>,
}

impl TokenWish {
    /// A token that may all that its user may, for good.
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            role: None,
            limits: Limits::default(),
            lives_ms: None,
        }
    }
}

/// A user, as the API shows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The login.
    pub login: String,
    /// Role and limits.
    pub grant: Grant,
    /// Milliseconds since the Unix epoch; none for the admin of the variable.
    pub created_ms: Option<u64>,
}

/// A token, as the API shows one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    /// By which it is revoked.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it may at most.
    pub grant: Grant,
    /// Milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// Milliseconds since the Unix epoch; none for good.
    pub expires_ms: Option<u64>,
}

/// A token that was just made.
#[derive(Debug)]
pub struct Minted {
    /// The token: told now and never again.
    pub token: Token,
    /// What is known of it.
    pub info: TokenInfo,
}

impl User {
    /// GimletD's JSON, with role and limits beside it. `minted` is the token to tell.
    pub fn to_json(&self, minted: Option<&Minted>) -> Value {
        let token = minted.map_or("", |minted| minted.token.reveal());
        let mut user = Map::new();
        user.insert("login".to_owned(), self.login.as_str().into());
        user.insert("token".to_owned(), token.into());
        user.insert("admin".to_owned(), (self.grant.role == Role::Admin).into());
        insert_grant(&mut user, &self.grant);
        if let Some(minted) = minted {
            user.insert("tokenId".to_owned(), minted.info.id.as_str().into());
        }
        Value::Object(user)
    }
}

impl TokenInfo {
    /// As the API shows it; `token` is told only when it was just made.
    pub fn to_json(&self, token: Option<&Token>) -> Value {
        let mut info = Map::new();
        info.insert("id".to_owned(), self.id.as_str().into());
        info.insert("name".to_owned(), self.name.as_str().into());
        if let Some(token) = token {
            info.insert("token".to_owned(), token.reveal().into());
        }
        insert_grant(&mut info, &self.grant);
        info.insert("created".to_owned(), (self.created_ms / 1000).into());
        if let Some(expires) = self.expires_ms {
            info.insert("expires".to_owned(), (expires / 1000).into());
        }
        Value::Object(info)
    }
}

fn insert_grant(object: &mut Map<String, Value>, grant: &Grant) {
    object.insert("role".to_owned(), grant.role.as_str().into());
    for dimension in Dimension::ALL {
        if let Some(names) = grant.limits.names(dimension) {
            object.insert(dimension.plural().to_owned(), json!(names));
        }
    }
}

fn shown(row: UserRow) -> User {
    User {
        login: row.login,
        grant: row.grant,
        created_ms: Some(row.created_ms),
    }
}

fn info(row: TokenRow) -> TokenInfo {
    TokenInfo {
        id: row.id,
        name: row.name,
        grant: row.grant,
        created_ms: row.created_ms,
        expires_ms: row.expires_ms,
    }
}

/// The admin of the variable `admin_token`.
fn built_in() -> User {
    User {
        login: ADMIN.to_owned(),
        grant: Grant {
            role: Role::Admin,
            limits: Limits::default(),
        },
        created_ms: None,
    }
}

/// Finds whose token this is. Expired and revoked tokens, and those of removed users, are nobody's.
///
/// # Errors
/// The database failed.
pub async fn authenticate<D: Database>(
    sql: &Sql<'_, D>,
    digest: &Digest,
    now_ms: u64,
) -> Result<Option<Principal>, DatabaseError> {
    let Some((user, token)) = users::by_digest(sql, digest, now_ms).await? else {
        return Ok(None);
    };
    let login = user
        .login
        .parse()
        .map_err(|error: domain::InvalidName| DatabaseError(error.into()))?;
    Ok(Some(Principal {
        login,
        via: Via::Token(token.id),
        grants: vec![user.grant, token.grant],
    }))
}

/// Makes a user with a first token.
///
/// # Errors
/// See [`UserError`].
pub async fn create<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    login: &Login,
    grant: Grant,
    wish: TokenWish,
) -> Result<(User, Minted), UserError> {
    fit(login)?;
    if users::user_by_login(sql, login.as_str()).await?.is_some() {
        return Err(UserError::Taken(login.clone()));
    }
    if users::count(sql).await? >= MOST_USERS {
        return Err(UserError::TooManyUsers);
    }
    let now_ms = clock.now_ms();
    users::delete_dead_tokens(sql, now_ms, now_ms.saturating_sub(ABANDONED_MS)).await?;
    let user = UserRow {
        id: new_uuid(clock).to_string(),
        login: login.to_string(),
        grant,
        created_ms: now_ms,
    };
    let minted = mint_for(sql, clock, &user, wish).await?;
    if !users::insert_user(sql, &user).await? {
        users::delete_token(sql, &user.id, &minted.info.id).await?;
        return Err(UserError::Taken(login.clone()));
    }
    Ok((shown(user), minted))
}

/// A login stands in paths and in the audit log, where CI systems stand as `owner/name@issuer`.
fn fit(login: &Login) -> Result<(), UserError> {
    if login.as_str().eq_ignore_ascii_case(ADMIN) {
        return Err(UserError::Unfit(
            login.clone(),
            "it is whoever has the token in the variable admin_token",
        ));
    }
    if login.as_str().contains(['/', '?', '#', '%', '\\']) {
        return Err(UserError::Unfit(
            login.clone(),
            "it must hold none of / ? # % \\",
        ));
    }
    Ok(())
}

async fn mint_for<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    user: &UserRow,
    wish: TokenWish,
) -> Result<Minted, DatabaseError> {
    let token = Token::from_random(&[clock.random(), clock.random(), clock.random()]);
    let created_ms = clock.now_ms();
    let row = TokenRow {
        id: new_uuid(clock).to_string(),
        user_id: user.id.clone(),
        name: wish.name,
        grant: Grant {
            role: wish.role.unwrap_or(user.grant.role),
            limits: wish.limits,
        },
        created_ms,
        expires_ms: wish.lives_ms.map(|lives| created_ms.saturating_add(lives)),
        lives_ms: wish.lives_ms,
    };
    users::insert_token(sql, &token.digest(), &row).await?;
    Ok(Minted {
        token,
        info: info(row),
    })
}

async fn existing<D: Database>(sql: &Sql<'_, D>, login: &str) -> Result<UserRow, UserError> {
    if login == ADMIN {
        return Err(UserError::BuiltIn);
    }
    let user = users::user_by_login(sql, login).await?;
    user.ok_or_else(|| UserError::UnknownUser(printable(login)))
}

/// Makes one more token of a user.
///
/// # Errors
/// See [`UserError`].
pub async fn mint<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    login: &str,
    wish: TokenWish,
) -> Result<(User, Minted), UserError> {
    let user = existing(sql, login).await?;
    let tokens = users::tokens(sql, &user.id, clock.now_ms()).await?;
    if tokens.len() >= MOST_TOKENS {
        let login = login
            .parse()
            .map_err(|_| UserError::UnknownUser(login.to_owned()))?;
        return Err(UserError::TooManyTokens(login));
    }
    let minted = mint_for(sql, clock, &user, wish).await?;
    Ok((shown(user), minted))
}

/// Makes a token with the name and the grant of another, which ends after `grace_ms`. One that would expire gets the same
/// time to live again.
///
/// # Errors
/// See [`UserError`].
pub async fn rotate<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    login: &str,
    id: &str,
    grace_ms: u64,
) -> Result<Minted, UserError> {
    let user = existing(sql, login).await?;
    let now_ms = clock.now_ms();
    let tokens = users::tokens(sql, &user.id, now_ms).await?;
    let old = tokens
        .into_iter()
        .find(|token| token.id == id)
        .ok_or_else(|| UserError::UnknownToken(user.login.clone()))?;
    let wish = TokenWish {
        name: old.name,
        role: Some(old.grant.role),
        limits: old.grant.limits,
        // Not what is left of it: this may be the second time, because nobody got the first answer.
        lives_ms: old.lives_ms,
    };
    // The new one first: a process that dies in between leaves the old one as it was.
    let minted = mint_for(sql, clock, &user, wish).await?;
    users::expire_token(sql, &user.id, id, now_ms.saturating_add(grace_ms)).await?;
    Ok(minted)
}

/// Revokes a token, at once. One that is gone already is no error.
///
/// # Errors
/// See [`UserError`].
pub async fn revoke<D: Database>(sql: &Sql<'_, D>, login: &str, id: &str) -> Result<(), UserError> {
    let user = existing(sql, login).await?;
    Ok(users::delete_token(sql, &user.id, id).await?)
}

/// Removes a user and all tokens. One that is gone already is no error, as in GimletD.
///
/// # Errors
/// See [`UserError`].
pub async fn delete<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    login: &str,
) -> Result<(), UserError> {
    let user = match existing(sql, login).await {
        Ok(user) => user,
        Err(UserError::UnknownUser(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    users::delete_user(sql, &user.id).await?;
    let now_ms = clock.now_ms();
    users::delete_dead_tokens(sql, now_ms, now_ms.saturating_sub(ABANDONED_MS)).await?;
    Ok(())
}

/// One user.
///
/// # Errors
/// See [`UserError`].
pub async fn user<D: Database>(sql: &Sql<'_, D>, login: &str) -> Result<User, UserError> {
    match existing(sql, login).await {
        Ok(user) => Ok(shown(user)),
        Err(UserError::BuiltIn) => Ok(built_in()),
        Err(error) => Err(error),
    }
}

/// `GET /api/users`: users by login, the admin of the variable first; all from `cursor` on where there is no `limit`.
///
/// # Errors
/// See [`QueryError`].
pub async fn page<D: Database>(
    sql: &Sql<'_, D>,
    parameters: &Parameters,
) -> Result<Page<Vec<User>>, QueryError> {
    let most = i64::try_from(MOST_USERS).unwrap_or(i64::MAX);
    let window = Window::<UserPlace> {
        limit: parameters.limit()?.unwrap_or(most.saturating_add(1)),
        offset: 0,
        after: parameters.cursor()?,
    };
    let mut all = Vec::new();
    if window.after.is_none() {
        all.push(built_in());
    }
    let after = window.after.as_ref().map_or("", |place| place.0.as_str());
    // The admin of the variable takes one place of the first page.
    let rows = users::users(sql, after, window.rows()).await?;
    all.extend(rows.into_iter().map(shown));
    let next = window.close(&mut all, |user| {
        let is_row = user.created_ms.is_some();
        let login = user.login.clone();
        UserPlace(if is_row { login } else { String::new() }).cursor()
    });
    Ok(Page { items: all, next })
}

/// The tokens of a user that have not expired, oldest first.
///
/// # Errors
/// See [`UserError`].
pub async fn tokens<D: Database>(
    sql: &Sql<'_, D>,
    login: &str,
    now_ms: u64,
) -> Result<Vec<TokenInfo>, UserError> {
    let user = existing(sql, login).await?;
    let rows = users::tokens(sql, &user.id, now_ms).await?;
    Ok(rows.into_iter().map(info).collect())
}
