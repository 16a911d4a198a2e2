//! Table `metrics`: counters by time series.

use serde_json::Value;

use crate::database::{Columns, Sql};
use crate::ports::{Database, DatabaseError};

/// Counts on, all in one statement. Values are whole or fractional and never negative.
pub(crate) async fn add<D: Database>(
    sql: &Sql<'_, D>,
    counts: &[(String, f64)],
) -> Result<(), DatabaseError> {
    let list: Vec<Value> = counts
        .iter()
        .map(|(series, value)| Value::from(vec![Value::from(series.as_str()), Value::from(*value)]))
        .collect();
    sql.run(
        "INSERT INTO metrics (series, value)
         SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?1) WHERE true
         ON CONFLICT (series) DO UPDATE SET value = value + excluded.value",
        &[Value::from(list).to_string().into()],
    )
    .await
    .map(drop)
}

/// Every series with its count, in the order of the series. There are few: labels are bounded by configuration.
pub(crate) async fn all<D: Database>(
    sql: &Sql<'_, D>,
) -> Result<Vec<(String, String)>, DatabaseError> {
    // As text: the database prints no exponent for whole numbers below 10^15.
    let statement = "SELECT series, CASE WHEN value = round(value) THEN printf('%.0f', value) ELSE printf('%.6f', value) END
         FROM metrics ORDER BY series LIMIT 10000";
    let rows = sql.run(statement, &[]).await?;
    let rows = rows.into_iter().map(|row| {
        let mut row = Columns::new(row);
        (row.text(), row.text())
    });
    Ok(rows.collect())
}
