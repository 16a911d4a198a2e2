//! Pages of lists. A cursor says where a page ended, by the order of the list itself: what is added in front, or taken away,
//! moves nothing, and no row is read to be skipped. It must never hold anything that a client may not see.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::query::{InvalidParameter, Parameters};

/// GimletD's page size where none is asked for.
const PAGE: i64 = 10;
/// The most rows of one answer.
pub const LARGEST_PAGE: i64 = 1_000;
/// Bytes of a cursor.
const LONGEST_CURSOR: usize = 1_024;

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// What is on it.
    pub items: T,
    /// The cursor of the page behind it; none on the last.
    pub next: Option<String>,
}

/// Where a page begins and how long it is.
#[derive(Debug)]
pub(crate) struct Window<C> {
    pub limit: i64,
    pub offset: i64,
    /// The place behind which it begins; none for the beginning.
    pub after: Option<C>,
}

impl<C> Window<C> {
    /// One row more than the page holds: it tells whether there is another page.
    pub(crate) fn rows(&self) -> i64 {
        self.limit.saturating_add(1)
    }

    /// Takes off the row that stands beyond the page, and makes the cursor of the last row that stays.
    pub(crate) fn close<T>(
        &self,
        rows: &mut Vec<T>,
        cursor: impl Fn(&T) -> String,
    ) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or_default();
        let more = rows.len() > limit;
        rows.truncate(limit);
        rows.last().filter(|_| more).map(cursor)
    }
}

/// The place that a row has in a list.
pub(crate) trait Place: Sized {
    /// The list, so that the cursor of one is none of another.
    const LIST: &'static str;
    /// Reads what [`Place::write`] wrote.
    fn read(text: &str) -> Option<Self>;
    /// The place as text.
    fn write(&self) -> String;
    /// The cursor.
    fn cursor(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {}", Self::LIST, self.write()))
    }
}

impl Parameters {
    /// The page that is asked for: 10 rows where nothing is said, from the first on; as many as may be with GimletD's -1.
    pub(crate) fn window<C: Place>(&self) -> Result<Window<C>, InvalidParameter> {
        let window = Window {
            limit: self.limit()?.unwrap_or(PAGE),
            offset: self.number("offset")?.unwrap_or(0),
            after: self.cursor()?,
        };
        if window.after.is_some() && window.offset > 0 {
            return Err(InvalidParameter {
                parameter: "offset",
                problem: "cannot be given beside cursor: the cursor says where the page begins"
                    .to_owned(),
            });
        }
        Ok(window)
    }

    /// The page of a list that has no cursors: as [`Parameters::window`].
    pub(crate) fn page(&self) -> Result<(i64, i64), InvalidParameter> {
        let limit = self.limit()?.unwrap_or(PAGE);
        Ok((limit, self.number("offset")?.unwrap_or(0)))
    }

    /// How many rows are asked for; none where that is not said, or 0.
    pub(crate) fn limit(&self) -> Result<Option<i64>, InvalidParameter> {
        if self.get("limit") == Some("-1") {
            return Ok(Some(LARGEST_PAGE));
        }
        match self.number("limit")?.unwrap_or(0) {
            0 => Ok(None),
            limit if limit <= LARGEST_PAGE => Ok(Some(limit)),
            _ => Err(InvalidParameter {
                parameter: "limit",
                problem: format!("must be at most {LARGEST_PAGE}; the rest is on the next page"),
            }),
        }
    }

    /// The place that `cursor` names; none where there is none.
    pub(crate) fn cursor<C: Place>(&self) -> Result<Option<C>, InvalidParameter> {
        let Some(text) = self.get("cursor") else {
            return Ok(None);
        };
        let place = (|| {
            let text = Some(text).filter(|text| text.len() <= LONGEST_CURSOR)?;
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let (list, place) = std::str::from_utf8(&bytes).ok()?.split_once(' ')?;
            (list == C::LIST).then(|| C::read(place))?
        })();
        place.map(Some).ok_or_else(|| InvalidParameter {
            parameter: "cursor",
            problem: "must be the cursor of a Link header of this list".to_owned(),
        })
    }

    /// A `Link` header (RFC 8288) to the next page of the same question. Never with the token that stands in the query of
    /// GimletD's Flux set-ups.
    pub fn link(&self, path: &str, next: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs() {
            if !matches!(name, "cursor" | "offset" | "access_token") {
                query.append_pair(name, value);
            }
        }
        query.append_pair("cursor", next);
        format!("<{path}?{}>; rel=\"next\"", query.finish())
    }
}
