//! What GitOps controllers say of commits, stored. One durable write: the report. Triggers carry it to the requests that it
//! settles, whichever comes first, the report or the record of the commit.

use domain::{EnvName, Feedback, is_final};

use crate::database::Sql;
use crate::ports::{Clock, Database, DatabaseError};
use crate::store::reports::{self, NewReport};

/// Reports are remembered for so long: what they said of releases is with the releases.
const REMEMBERED_S: i64 = 30 * 86_400;

/// Stores what a controller says of a commit in an environment. The last word on a commit stays.
///
/// # Errors
///
/// When the database fails.
pub async fn report<D: Database, C: Clock>(
    sql: &Sql<'_, D>,
    clock: &C,
    env: &EnvName,
    feedback: &Feedback,
) -> Result<(), DatabaseError> {
    let now_s = i64::try_from(clock.now_ms() / 1000).unwrap_or(i64::MAX);
    // A date that cannot be read is no reason to lose the rest. One that is to come would be remembered until then.
    let at = feedback.at.parse::<jiff::Timestamp>();
    let created_s = at.map_or(now_s, |at| at.as_second().min(now_s));
    reports::record(
        sql,
        &NewReport {
            env: env.as_str(),
            commit: feedback.commit.as_str(),
            status: &feedback.status,
            description: &feedback.description,
            created_s,
            last_word: is_final(&feedback.status),
        },
    )
    .await?;
    let before_s = now_s.saturating_sub(REMEMBERED_S);
    // Here, where they come in: nothing else is sure to happen as often. A controller whose clock is wrong forgets nothing.
    if created_s >= before_s {
        reports::forget(sql, before_s).await?;
    }
    Ok(())
}
