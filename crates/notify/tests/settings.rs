//! The variables that say where events are told: what is refused, in which words, and that no secret is ever shown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use notify::{Destinations, Gimletd, NoAnswer, Verdict};

const SECRET: &str = "s3cr3t-of-the-tests";

fn parse(text: &str) -> Result<Destinations, (String, String)> {
    Destinations::parse(text, &Gimletd::default(), "https://github.com")
        .map_err(|error| (error.variable().to_owned(), error.to_string()))
}

#[test]
fn what_is_wrong_is_named_and_never_shown() {
    let table = [
        ("to=irc", "entry 1: 'to' must be slack"),
        ("channel=x", "entry 1: 'to' is missing"),
        ("to=slack&channel=x", "entry 1: 'token' is missing"),
        ("to=slack&token=SECRET", "entry 1: 'channel' is missing"),
        (
            "to=slack&token=SECRET&token=SECRET&channel=x",
            "'token' stands twice",
        ),
        (
            "to=slack&token=SECRET&channel=x&mapping=a=b,SECRET",
            "'mapping' has a pair that is not environment=channel",
        ),
        (
            "to=slack&token=SECRET&channel=x&url=https://SECRET",
            "'token' has no meaning",
        ),
        ("to=teams&url=SECRET", "'url' must be a http or https URL"),
        (
            "to=teams&url=file:///SECRET",
            "'url' must be a http or https URL",
        ),
        (
            "to=teams&url=https://a:SECRET@b",
            "'url' must be a http or https URL",
        ),
        (
            "to=teams&url=https://:SECRET@b",
            "'url' must be a http or https URL",
        ),
        ("to=webhook&url=https://SECRET", "'secret' is missing"),
        (
            "to=webhook&url=https://h&secret=SECRET",
            "'secret' must be whsec_",
        ),
        (
            "to=webhook&url=https://h&secret=whsec_c2hvcnQ=",
            "'secret' must be whsec_",
        ),
        (
            "to=github&token=SECRET&channel=x",
            "'channel' has no meaning",
        ),
        (
            "to=github&token=SECRET&env=[",
            "'env' is neither a name nor a glob",
        ),
        (
            "to=github&token=SECRET&only=SECRET",
            "'only' must be failures",
        ),
        (
            "to=github&token=SECRET&progress=yes",
            "'progress' must be true",
        ),
        ("to=github&token=SECRET&name=a b", "'name' must be"),
        ("to=github&token=SECRET&SECRET=1", "entry 1: only to, name"),
        (
            "to=github&token=SECRET;to=github&token=SECRET",
            "two destinations are called 'github'",
        ),
        (
            "to=github&token=SECRET;to=gitlab",
            "entry 2: 'token' is missing",
        ),
    ];
    for (text, words) in table {
        let (variable, message) = parse(&text.replace("SECRET", SECRET)).unwrap_err();
        assert_eq!(variable, "notifications", "{text}");
        assert!(message.contains(words), "{text}: {message}");
        assert!(!message.contains(SECRET), "{text}: {message}");
    }
    let many = "to=teams&url=https://t;".repeat(21);
    assert_eq!(parse(&many).unwrap_err().1, "has more than 20 entries");
    assert!(parse(" ; ").unwrap().all().is_empty());
}

#[test]
fn gimletds_variables_are_one_chat() {
    let parse = |provider, token, default_channel, channel_mapping| {
        let gimletd = Gimletd {
            provider,
            token,
            default_channel,
            channel_mapping,
        };
        Destinations::parse("", &gimletd, "https://github.com")
            .map_err(|error| (error.variable(), error.to_string()))
    };
    for provider in ["slack", "discord"] {
        let all = parse(provider, SECRET, "general", "production=prod, staging=st").unwrap();
        assert_eq!(all.all()[0].name(), provider);
        assert!(!format!("{all:?}").contains(SECRET));
    }
    assert!(parse("", "", "", "").unwrap().all().is_empty());
    let wrong = [
        (
            parse("teams", SECRET, "c", ""),
            "notifications_provider",
            "slack or discord",
        ),
        (
            parse("slack", "", "c", ""),
            "notifications_token",
            "is not set",
        ),
        (
            parse("slack", SECRET, "", ""),
            "notifications_default_channel",
            "is not set",
        ),
        // GimletD panics at this.
        (
            parse("slack", SECRET, "c", "a=b,staging"),
            "notifications_channel_mapping",
            "'staging'",
        ),
        (
            parse("slack", SECRET, "c", "=b"),
            "notifications_channel_mapping",
            "'=b'",
        ),
    ];
    for (outcome, variable, words) in wrong {
        let (named, message) = outcome.unwrap_err();
        assert_eq!(named, variable);
        assert!(
            message.contains(words) && !message.contains(SECRET),
            "{message}"
        );
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> http::Response<Vec<u8>> {
    let mut answer = http::Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(body.as_bytes().to_vec()).unwrap()
}

/// `sent`, `again`, `again whole 5000`, `failed` or `unknown`.
fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Sent => "sent".to_owned(),
        Verdict::Failed { .. } => "failed".to_owned(),
        Verdict::Unknown { .. } => "unknown".to_owned(),
        Verdict::Again {
            pause_ms, whole, ..
        } => {
            let whole = if *whole { " whole" } else { "" };
            let pause = pause_ms.map(|ms| format!(" {ms}")).unwrap_or_default();
            format!("again{whole}{pause}")
        }
    }
}

/// Destination, status, headers, body, and what it means.
type Row<'a> = (&'a str, u16, &'a [(&'a str, &'a str)], &'a str, &'a str);

#[test]
fn answers_mean_what_each_service_says() {
    let hook = format!(
        "to=webhook&url=https://h/{SECRET}&secret=whsec_{}",
        "a".repeat(32)
    );
    let slack = &format!("to=slack&token={SECRET}&channel=c");
    let discord = &format!("to=discord&token={SECRET}&channel=1");
    let teams = &format!("to=teams&url=https://t/{SECRET}");
    let (github, gitlab) = (
        &format!("to=github&token={SECRET}"),
        &format!("to=gitlab&token={SECRET}"),
    );
    let hook = &hook;
    // The answers come at 2026-09-21T14:13:20Z.
    let table: &[Row<'_>] = &[
        (slack, 200, &[], r#"{"ok":true}"#, "sent"),
        (
            slack,
            200,
            &[],
            r#"{"ok":false,"error":"channel_not_found"}"#,
            "failed",
        ),
        (
            slack,
            200,
            &[],
            r#"{"ok":false,"error":"ratelimited"}"#,
            "again whole",
        ),
        (
            slack,
            200,
            &[],
            r#"{"ok":false,"error":"service_unavailable"}"#,
            "again",
        ),
        (
            slack,
            200,
            &[],
            r#"{"ok":false,"error":"internal_error"}"#,
            "unknown",
        ),
        (
            slack,
            200,
            &[],
            r#"{"ok":false,"error":"fatal_error"}"#,
            "unknown",
        ),
        (slack, 200, &[], "<html>a proxy</html>", "unknown"),
        (
            slack,
            429,
            &[("retry-after", "30")],
            r#"{"ok":false,"error":"ratelimited"}"#,
            "again whole 30000",
        ),
        (discord, 200, &[], r#"{"id":"1"}"#, "sent"),
        (
            discord,
            429,
            &[("retry-after", "0.35")],
            "",
            "again whole 1000",
        ),
        (
            discord,
            403,
            &[],
            r#"{"message":"Missing Access"}"#,
            "failed",
        ),
        (teams, 202, &[], "", "sent"),
        (teams, 429, &[], "", "again whole"),
        (teams, 502, &[], "", "unknown"),
        (teams, 504, &[], "", "unknown"),
        (teams, 500, &[], "", "again"),
        (teams, 503, &[], "", "again"),
        (
            teams,
            503,
            &[("retry-after", "Mon, 21 Sep 2026 14:14:20 GMT")],
            "",
            "again whole 60000",
        ),
        (
            teams,
            503,
            &[("retry-after", "Mon, 21 Sep 2020 14:14:20 GMT")],
            "",
            "again whole 0",
        ),
        (
            teams,
            503,
            &[("retry-after", "999999999999")],
            "",
            "again whole 3600000",
        ),
        (teams, 503, &[("retry-after", "-1")], "", "again"),
        (teams, 503, &[("retry-after", "soon")], "", "again"),
        (teams, 408, &[], "", "again"),
        (teams, 425, &[], "", "again"),
        (teams, 404, &[], "", "failed"),
        (
            teams,
            301,
            &[("location", "https://evil.example")],
            "",
            "failed",
        ),
        (hook, 204, &[], "", "sent"),
        (hook, 502, &[], "", "again whole"),
        (hook, 410, &[], "", "failed"),
        (github, 201, &[], "{}", "sent"),
        (
            github,
            403,
            &[],
            r#"{"message":"Resource not accessible"}"#,
            "failed",
        ),
        (
            github,
            403,
            &[("retry-after", "60")],
            "",
            "again whole 60000",
        ),
        (
            github,
            403,
            &[
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "1790000120"),
            ],
            "",
            "again whole 120000",
        ),
        (
            github,
            403,
            &[
                ("x-ratelimit-remaining", "9"),
                ("x-ratelimit-reset", "1790000120"),
            ],
            "",
            "failed",
        ),
        (
            github,
            422,
            &[],
            r#"{"message":"No commit found"}"#,
            "failed",
        ),
        (gitlab, 201, &[], "{}", "sent"),
        (
            gitlab,
            400,
            &[],
            r#"{"message":{"status":"Cannot transition status via :success from :success"}}"#,
            "sent",
        ),
        (
            gitlab,
            400,
            &[],
            r#"{"message":"400 Bad request"}"#,
            "failed",
        ),
    ];
    for (to, status, headers, body, expected) in table {
        let all = parse(to).unwrap();
        let body = body.replace("evil", SECRET);
        let verdict = all.all()[0].verdict(&answer(*status, headers, &body), 1_790_000_000);
        assert_eq!(
            word(&verdict),
            *expected,
            "{to} {status} {headers:?} {body}"
        );
    }
}

#[test]
fn no_answer_is_a_refusal_only_where_nothing_was_sent() {
    let table = [
        ("to=teams&url=https://t", NoAnswer::Lost, "unknown"),
        (
            "to=teams&url=https://t",
            NoAnswer::Unreachable,
            "again whole",
        ),
        (
            "to=teams&url=https://t",
            NoAnswer::NotAllowed {
                origin: "https://t".to_owned(),
            },
            "again whole",
        ),
        ("to=github&token=t", NoAnswer::Lost, "again whole"),
        ("to=github&token=t", NoAnswer::Unreachable, "again whole"),
    ];
    for (to, why, expected) in table {
        let verdict = parse(to).unwrap().all()[0].verdict_without_answer(&why);
        assert_eq!(word(&verdict), expected, "{to} {why:?}");
    }
}

#[test]
fn a_service_that_repeats_our_secret_does_not_bring_it_into_the_log() {
    let cases = [
        format!("to=slack&token={SECRET}&channel=c"),
        format!("to=github&token={SECRET}"),
        format!("to=discord&url=https://discord.com/api/webhooks/1/{SECRET}"),
        format!("to=teams&url=https://t.example/{SECRET}"),
    ];
    for to in cases {
        let all = parse(&to).unwrap();
        assert!(!format!("{all:?}").contains(SECRET), "{all:?}");
        for body in [
            format!(r#"{{"ok":false,"error":"no {SECRET}"}}"#),
            format!(
                r#"{{"message":"no /{SECRET} and /api/webhooks/1/{SECRET} and https://t.example/{SECRET}"}}"#
            ),
        ] {
            for status in [200, 400] {
                let verdict = all.all()[0].verdict(&answer(status, &[], &body), 0);
                assert!(
                    !format!("{verdict:?}").contains(SECRET),
                    "{to}: {verdict:?}"
                );
            }
        }
    }
}
