//! What became of a request, by its answer: sent, refused for now, refused for good, or nobody knows.
//!
//! A chat must not be told twice, so an answer that leaves open whether it took the message is not a refusal there. Whoever
//! knows repetitions, or is the same after two as after one, is simply told again.

use http::StatusCode;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Sent,
    /// It was not taken, and may be later.
    Again {
        /// Why.
        reason: String,
        /// For how long the service wants to be left alone, in milliseconds.
        pause_ms: Option<u64>,
        /// The whole service is meant, not this message.
        whole: bool,
    },
    /// It was not taken and never will be.
    Failed {
        /// Why.
        reason: String,
    },
    /// Nobody knows whether it was taken, and it must not be sent twice.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// The platform forbids the host: it was not sent.
    NotAllowed {
        /// Scheme, host and port.
        origin: String,
    },
    /// No connection was made: it was not sent.
    Unreachable,
    /// It may have been sent.
    Lost,
}

/// The longest pause that a service may ask for: an hour.
const LONGEST_PAUSE_MS: u64 = 3_600_000;

/// What no answer means. `twice` says that the destination may be told again.
pub(crate) fn of_no_answer(why: &NoAnswer, twice: bool) -> Verdict {
    match why {
        NoAnswer::NotAllowed { origin } => Verdict::Again {
            reason: format!(
                "the host {origin} may not be reached: set one of the variables notifications_host, \
                 notifications_host_2 … to it"
            ),
            pause_ms: None,
            whole: true,
        },
        NoAnswer::Unreachable => Verdict::Again {
            reason: "no connection could be made".to_owned(),
            pause_ms: None,
            whole: true,
        },
        NoAnswer::Lost => uncertain("there was no whole answer in time".to_owned(), twice),
    }
}

/// What an answer means that is not of the 200s. `says` is the service's own word, if it gave one.
pub(crate) fn of_refusal<B>(
    answer: &http::Response<B>,
    says: &str,
    twice: bool,
    now_s: u64,
) -> Verdict {
    let status = answer.status();
    let reason = match says {
        "" => format!("it answered {}", status.as_u16()),
        says => format!("it answered {}: {says}", status.as_u16()),
    };
    let pause_ms = pause_ms(answer, now_s);
    let again = |whole: bool| Verdict::Again {
        reason: reason.clone(),
        pause_ms,
        whole,
    };
    match status.as_u16() {
        429 => again(true),
        503 => again(pause_ms.is_some()),
        // GitHub says 403 where it means 429, and then says until when.
        403 if pause_ms.is_some() => again(true),
        408 | 425 => again(false),
        // A gateway's word: what stands behind it may have taken the message.
        502 | 504 => uncertain(reason, twice),
        500..=599 => again(pause_ms.is_some()),
        _ if status.is_redirection() => Verdict::Failed {
            reason: format!("{reason}; redirects are not followed"),
        },
        _ => Verdict::Failed { reason },
    }
}

/// What does not say is left alone as a whole: the next message would fare no better.
fn uncertain(reason: String, twice: bool) -> Verdict {
    match twice {
        true => Verdict::Again {
            reason,
            pause_ms: None,
            whole: true,
        },
        false => Verdict::Unknown {
            reason: format!("{reason}: it may have been taken, so it is not sent again"),
        },
    }
}

/// `Retry-After` in seconds or as a date (RFC 9110 section 10.2.3), or GitHub's `x-ratelimit-reset` once nothing remains.
fn pause_ms<B>(answer: &http::Response<B>, now_s: u64) -> Option<u64> {
    let header = |name: &str| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let until = |at_s: u64| at_s.saturating_sub(now_s);
    let seconds = match header("retry-after").map(str::trim) {
        Some(text) => match text.parse::<f64>() {
            // Discord counts parts of seconds.
            Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => {
                Some(seconds.ceil().min(1e9) as u64)
            }
            _ => http_date_s(text).map(until),
        },
        None if header("x-ratelimit-remaining") == Some("0") => header("x-ratelimit-reset")
            .and_then(|at| at.parse().ok())
            .map(until),
        None => None,
    };
    seconds.map(|seconds| seconds.saturating_mul(1_000).min(LONGEST_PAUSE_MS))
}

fn http_date_s(text: &str) -> Option<u64> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()?;
    u64::try_from(date.as_second()).ok()
}

/// Whether a status is a success.
pub(crate) fn is_taken(status: StatusCode) -> bool {
    status.is_success()
}
