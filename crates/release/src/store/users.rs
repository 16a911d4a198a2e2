//! Tables `users` and `tokens`. Of a token only its digest is ever stored.

use access::{Digest, Grant, Limits, Role};

use crate::database::{Columns, Sql, integer};
use crate::page::Place;
use crate::ports::{Database, DatabaseError, Row, SqlValue};

/// A user as a row.
#[derive(Debug, Clone)]
pub(crate) struct UserRow {
    pub id: String,
    pub login: String,
    pub grant: Grant,
    pub created_ms: u64,
}

/// A token as a row, without its digest.
#[derive(Debug, Clone)]
pub(crate) struct TokenRow {
    pub id: String,
    pub user_id: String,
    pub name: String,
    pub grant: Grant,
    pub created_ms: u64,
    pub expires_ms: Option<u64>,
    /// The life that it was made with, even if it ends earlier now; none for good.
    pub lives_ms: Option<u64>,
}

fn ms(time: u64) -> SqlValue {
    SqlValue::Integer(i64::try_from(time).unwrap_or(i64::MAX))
}

fn limits_text(limits: &Limits) -> Result<String, DatabaseError> {
    serde_json::to_string(limits).map_err(|error| DatabaseError(error.into()))
}

/// What cannot be read grants nothing: an error, never a default.
fn grant(row: &mut Columns) -> Result<Grant, DatabaseError> {
    let role: Role = row
        .text()
        .parse()
        .map_err(|_| DatabaseError("a role in the database is none of the known ones".into()))?;
    let limits = serde_json::from_str(&row.text()).map_err(|error| DatabaseError(error.into()))?;
    Ok(Grant { role, limits })
}

fn user(row: Row) -> Result<UserRow, DatabaseError> {
    let mut row = Columns::new(row);
    Ok(UserRow {
        id: row.text(),
        login: row.text(),
        grant: grant(&mut row)?,
        created_ms: row.milliseconds(),
    })
}

/// What was made by an earlier version and never rotated lives as long as it says now.
const LIVES: &str = "coalesce(lives, expires - created, 0)";

fn token(row: Row) -> Result<TokenRow, DatabaseError> {
    let mut row = Columns::new(row);
    let unsigned = |ms: Option<i64>| ms.and_then(|ms| u64::try_from(ms).ok());
    Ok(TokenRow {
        id: row.text(),
        user_id: row.text(),
        name: row.text(),
        grant: grant(&mut row)?,
        created_ms: row.milliseconds(),
        expires_ms: unsigned(row.integer()),
        lives_ms: unsigned(row.integer()).filter(|lives| *lives > 0),
    })
}

/// Stores a user; false where the login is taken.
pub(crate) async fn insert_user<D: Database>(
    sql: &Sql<'_, D>,
    user: &UserRow,
) -> Result<bool, DatabaseError> {
    let rows = sql
        .run(
            "INSERT INTO users (id, login, role, limits, created) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (login) DO NOTHING RETURNING id",
            &[
                user.id.as_str().into(),
                user.login.as_str().into(),
                user.grant.role.as_str().into(),
                limits_text(&user.grant.limits)?.into(),
                ms(user.created_ms),
            ],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Stores a token's digest.
pub(crate) async fn insert_token<D: Database>(
    sql: &Sql<'_, D>,
    digest: &Digest,
    token: &TokenRow,
) -> Result<(), DatabaseError> {
    sql.run(
        "INSERT INTO tokens (digest, id, user_id, name, role, limits, created, expires, lives)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            digest.to_hex().into(),
            token.id.as_str().into(),
            token.user_id.as_str().into(),
            token.name.as_str().into(),
            token.grant.role.as_str().into(),
            limits_text(&token.grant.limits)?.into(),
            ms(token.created_ms),
            token.expires_ms.map_or(SqlValue::Null, ms),
            ms(token.lives_ms.unwrap_or_default()),
        ],
    )
    .await
    .map(drop)
}

pub(crate) async fn user_by_login<D: Database>(
    sql: &Sql<'_, D>,
    login: &str,
) -> Result<Option<UserRow>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT id, login, role, limits, created FROM users WHERE login = ?1",
            &[login.into()],
        )
        .await?;
    rows.into_iter().next().map(user).transpose()
}

/// Where a user stands among all, by login; empty for the beginning.
#[derive(Debug)]
pub(crate) struct UserPlace(pub String);

impl Place for UserPlace {
    const LIST: &'static str = "users";

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn write(&self) -> String {
        self.0.clone()
    }
}

/// How many users there are.
pub(crate) async fn count<D: Database>(sql: &Sql<'_, D>) -> Result<usize, DatabaseError> {
    let rows = sql.run("SELECT count(*) FROM users", &[]).await?;
    Ok(usize::try_from(integer(&rows)).unwrap_or_default())
}

/// Users whose logins come after this, by login.
pub(crate) async fn users<D: Database>(
    sql: &Sql<'_, D>,
    after: &str,
    limit: i64,
) -> Result<Vec<UserRow>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT id, login, role, limits, created FROM users WHERE login > ?1 ORDER BY login LIMIT ?2",
            &[after.into(), limit.into()],
        )
        .await?;
    rows.into_iter().map(user).collect()
}

/// The tokens of a user that have not expired, oldest first.
pub(crate) async fn tokens<D: Database>(
    sql: &Sql<'_, D>,
    user_id: &str,
    now_ms: u64,
) -> Result<Vec<TokenRow>, DatabaseError> {
    let statement = format!(
        "SELECT id, user_id, name, role, limits, created, expires, {LIVES} FROM tokens
         WHERE user_id = ?1 AND (expires IS NULL OR expires > ?2) ORDER BY id"
    );
    let rows = sql.run(&statement, &[user_id.into(), ms(now_ms)]).await?;
    rows.into_iter().map(token).collect()
}

/// The user and the token that a digest belongs to, if both are there and it has not expired. One statement: this is asked
/// with every request.
pub(crate) async fn by_digest<D: Database>(
    sql: &Sql<'_, D>,
    digest: &Digest,
    now_ms: u64,
) -> Result<Option<(UserRow, TokenRow)>, DatabaseError> {
    let rows = sql
        .run(
            "SELECT u.id, u.login, u.role, u.limits, u.created,
                t.id, t.user_id, t.name, t.role, t.limits, t.created, t.expires, t.lives
             FROM tokens AS t JOIN users AS u ON u.id = t.user_id
             WHERE t.digest = ?1 AND (t.expires IS NULL OR t.expires > ?2)",
            &[digest.to_hex().into(), ms(now_ms)],
        )
        .await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let token_columns = row.split_off(row.len().min(5));
    Ok(Some((user(row)?, token(token_columns)?)))
}

/// Removes a user; the tokens open nothing from then on.
pub(crate) async fn delete_user<D: Database>(
    sql: &Sql<'_, D>,
    id: &str,
) -> Result<(), DatabaseError> {
    sql.run("DELETE FROM users WHERE id = ?1", &[id.into()])
        .await
        .map(drop)
}

/// Removes what opens nothing: expired tokens, and tokens whose user is gone. A token younger than `before_ms` may be about
/// to get its user.
pub(crate) async fn delete_dead_tokens<D: Database>(
    sql: &Sql<'_, D>,
    now_ms: u64,
    before_ms: u64,
) -> Result<(), DatabaseError> {
    sql.run(
        "DELETE FROM tokens WHERE (expires IS NOT NULL AND expires <= ?1)
         OR (created < ?2 AND user_id NOT IN (SELECT id FROM users))",
        &[ms(now_ms), ms(before_ms)],
    )
    .await
    .map(drop)
}

/// Removes a token of this user.
pub(crate) async fn delete_token<D: Database>(
    sql: &Sql<'_, D>,
    user_id: &str,
    id: &str,
) -> Result<(), DatabaseError> {
    sql.run(
        "DELETE FROM tokens WHERE id = ?1 AND user_id = ?2",
        &[id.into(), user_id.into()],
    )
    .await
    .map(drop)
}

/// Lets a token end at this time, if it does not end before.
pub(crate) async fn expire_token<D: Database>(
    sql: &Sql<'_, D>,
    user_id: &str,
    id: &str,
    at_ms: u64,
) -> Result<(), DatabaseError> {
    let statement = format!(
        "UPDATE tokens SET lives = {LIVES}, expires = min(coalesce(expires, ?3), ?3) WHERE id = ?1 AND user_id = ?2"
    );
    sql.run(&statement, &[id.into(), user_id.into(), ms(at_ms)])
        .await
        .map(drop)
}
