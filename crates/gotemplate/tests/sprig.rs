//! What the vectors cannot show of Sprig: limits, what a host gives, what a repeatable rendering is refused, and that no
//! arguments make a function panic.
// Helpers of tests may end a test as the tests themselves may; Clippy knows only the latter by itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::rc::Rc;

use gotemplate::{
    Functions, Host, HostError, Instant, KeyKind, Limits, NoHost, TemplateSet, Value, sprig,
};

/// A host whose clock stands still and whose bytes come from a counter.
struct Fixed(std::cell::Cell<u64>);

impl Host for Fixed {
    fn now(&self) -> Result<Instant, HostError> {
        Ok(Instant {
            seconds: 1_700_000_000,
            nanoseconds: 500_000_000,
        })
    }

    fn random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        for byte in buffer {
            // SplitMix64: different each time, the same in each run.
            self.0.set(self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
            let mut mixed = self.0.get();
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            *byte = (mixed ^ (mixed >> 27)) as u8;
        }
        Ok(())
    }

    #[cfg(feature = "crypto")]
    fn private_key(&self, kind: KeyKind) -> Result<Vec<u8>, HostError> {
        sprig::generate_key(kind, &mut |buffer| self.random(buffer))
    }

    #[cfg(not(feature = "crypto"))]
    fn private_key(&self, _: KeyKind) -> Result<Vec<u8>, HostError> {
        Err(HostError::NoKeys)
    }
}

fn run(
    functions: Functions,
    text: &str,
    limits: &Limits,
    host: &dyn Host,
) -> Result<String, String> {
    let mut templates = TemplateSet::new(functions);
    templates
        .parse("t", text)
        .map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    let result = templates.execute(&mut out, "t", Value::Nil, limits, host);
    result.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

fn render(text: &str) -> String {
    let host = Fixed(std::cell::Cell::new(1));
    run(sprig::functions(), text, &Limits::default(), &host).unwrap()
}

#[test]
fn x1_functions_that_reach_outside_do_not_exist() {
    let functions = sprig::functions();
    for name in ["env", "expandenv", "getHostByName"] {
        assert!(functions.get(name).is_none());
        let error = run(
            sprig::functions(),
            &format!("{{{{ {name} \"HOME\" }}}}"),
            &Limits::default(),
            &NoHost,
        );
        assert_eq!(
            error.unwrap_err(),
            format!("template: t:1: function \"{name}\" not defined")
        );
    }
}

#[test]
fn x1_a_repeatable_rendering_is_refused_what_changes_and_told_why() {
    let calls = [
        "now",
        "ago 1",
        "randAlpha 3",
        "randInt 1 2",
        "shuffle \"a\"",
        "uuidv4",
        "genPrivateKey \"\"",
        "genCA \"a\" 1",
        "htpasswd \"a\" \"b\"",
        "bcrypt \"a\"",
        "encryptAES \"a\" \"b\"",
    ];
    for call in calls {
        let error = run(
            sprig::repeatable(),
            &format!("{{{{ {call} }}}}"),
            &Limits::default(),
            &NoHost,
        );
        let error = error.unwrap_err();
        assert!(error.contains("repeatable rendering"), "{call}: {error}");
    }
    let kept = run(
        sprig::repeatable(),
        "{{ date \"2006\" 0 }} {{ sha256sum \"a\" | trunc 4 }}",
        &Limits::default(),
        &NoHost,
    );
    assert_eq!(kept.unwrap(), "1970 ca97");
}

#[test]
fn without_a_host_the_clock_and_chance_are_errors() {
    for (call, reason) in [
        ("now", "this host has no clock"),
        ("date \"2006\" \"no date\"", "this host has no clock"),
        ("uuidv4", "this host has no source of random bytes"),
        ("randAlpha 3", "this host has no source of random bytes"),
    ] {
        let error = run(
            sprig::functions(),
            &format!("{{{{ {call} }}}}"),
            &Limits::default(),
            &NoHost,
        )
        .unwrap_err();
        assert!(error.ends_with(reason), "{call}: {error}");
    }
}

#[test]
fn a_hosts_clock_is_now() {
    assert_eq!(render("{{ now }}"), "2023-11-14 22:13:20.5 +0000 UTC");
    assert_eq!(
        render("{{ now | date \"2006-01-02\" }} {{ htmlDate nil }}"),
        "2023-11-14 2023-11-14"
    );
    assert_eq!(
        render("{{ ago (now | dateModify \"-90m\") }} {{ ago 1699999990 }}"),
        "1h30m0s 11s"
    );
    assert_eq!(
        render("{{ durationRound (now | dateModify \"-49h\") }}"),
        "2d"
    );
}

#[test]
fn what_is_random_has_its_shape() {
    let shapes = [
        ("{{ randAlpha 40 }}", "^[A-Za-z]{40}$"),
        ("{{ randNumeric 40 }}", "^[0-9]{40}$"),
        ("{{ randAlphaNum 40 }}", "^[A-Za-z0-9]{40}$"),
        ("{{ randAscii 40 }}", "^[ -~]{40}$"),
        (
            "{{ uuidv4 }}",
            "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
        ),
        ("{{ randBytes 6 }}", "^[A-Za-z0-9+/]{8}$"),
        ("{{ randInt 5 8 }}", "^[567]$"),
    ];
    for (text, shape) in shapes {
        assert!(
            regex::Regex::new(shape).unwrap().is_match(&render(text)),
            "{text}: {}",
            render(text)
        );
    }
    assert_ne!(
        render("{{ randAlpha 20 }}"),
        render("{{ randAlpha 5 }}{{ randAlpha 15 | lower }}")
    );
    let mut letters: Vec<char> = render("{{ shuffle \"hello world\" }}").chars().collect();
    letters.sort_unstable();
    assert_eq!(letters.into_iter().collect::<String>(), " dehllloorw");
}

#[test]
fn sizes_are_refused_before_anything_is_made() {
    let greedy = [
        "{{ repeat 1000000000 \"x\" }}",
        "{{ repeat 9223372036854775807 \"xy\" }}",
        "{{ until 1000000000 }}",
        "{{ untilStep -9223372036854775808 9223372036854775807 1 }}",
        "{{ seq 1 1000000000 }}",
        "{{ indent 1000000000 \"x\" }}",
        "{{ nindent 1000000 (repeat 10000 \"\\n\") }}",
        "{{ replace \"\" (repeat 100000 \"x\") (repeat 10000 \"y\") }}",
        "{{ join (repeat 1000000 \"x\") (until 100) }}",
        "{{ wrapWith 1 (repeat 100000 \"x\") (repeat 10000 \"y\") }}",
        "{{ randAlpha 1000000000 }}",
        "{{ randBytes 1000000000 }}",
        "{{ regexReplaceAll \"\" (repeat 100000 \"x\") (repeat 10000 \"y\") }}",
        "{{ regexReplaceAll \"(.+)\" (repeat 10000 \"x\") (repeat 10000 \"$1\") }}",
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = concat $x $x }}{{ end }}",
        "{{ $x := \"a\" }}{{ range until 60 }}{{ $x = cat $x $x }}{{ end }}",
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}",
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}{{ deepCopy $x }}",
        "{{ $x := list 1 }}{{ $y := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ $y = list $y $y }}{{ end }}{{ deepEqual $x $y }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toJson $d }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ deepCopy $d }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $e := dict }}{{ $_ := set $e \"d\" $e }}{{ deepEqual $d $e }}",
        "{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $e := dict }}{{ $_ := set $e \"d\" $e }}{{ mustMerge $d $e }}",
        "{{ fromJson (repeat 100000 \"[\") }}",
        "{{ $s := repeat 10000000 \"x\" }}{{ range until 1000 }}{{ $x := sha256sum $s }}{{ end }}",
        "{{ $s := repeat 1000000 \"x\" }}{{ $l := list $s }}{{ range until 16 }}{{ $l = concat $l $l }}{{ end }}{{ sortAlpha $l | len }}",
        "{{ $s := repeat 1000000 \"x\" }}{{ $l := list $s }}{{ range until 16 }}{{ $l = concat $l $l }}{{ end }}{{ has (print $s \"\") (without $l 1) }}{{ uniq $l | len }}",
        "{{ range until 1000000 }}{{ $x := regexMatch (printf \"%d\" .) \"x\" }}{{ end }}",
        "{{ range until 1000 }}{{ $x := regexMatch (printf \"\\\\pL{900}%d\" .) \"x\" }}{{ end }}",
        "{{ range until 1000 }}{{ $x := regexMatch (printf \"(([^a]{30}){30}|%d)\" .) \"x\" }}{{ end }}",
        "{{ regexFindAll \"a*b|a\" (repeat 100000 \"a\") -1 }}",
        "{{ regexReplaceAll \"(a|b)*a(a|b){400}\" (repeat 20000 \"abbabaab\") \"$1\" }}",
        "{{ $c := repeat 100000 \">=1 \" }}{{ range until 1000 }}{{ $x := semverCompare $c \"1.2.3\" }}{{ end }}",
        "{{ $x := dict \"a\" 1 }}{{ range until 60 }}{{ $x = dict \"a\" $x \"b\" $x }}{{ end }}{{ $y := dict \"a\" 1 }}{{ range until 60 }}{{ $y = dict \"a\" $y \"b\" $y }}{{ end }}{{ $z := mustMergeOverwrite $x $y }}",
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}{{ has $x (list (list $x $x)) }}{{ without (list $x) (deepCopy $x) }}",
        "{{ $d := dict }}{{ range until 10000 }}{{ $_ := set $d (toString .) . }}{{ end }}{{ range until 10000 }}{{ $x := keys $d }}{{ end }}",
        "{{ $d := dict }}{{ range until 10000 }}{{ $_ := set $d (toString .) . }}{{ end }}{{ range until 10000 }}{{ $x := omit $d \"a\" }}{{ end }}",
        "{{ $d := dict }}{{ range until 10000 }}{{ $_ := set $d (toString .) . }}{{ end }}{{ range until 10000 }}{{ range $d }}{{ break }}{{ end }}{{ end }}",
        "{{ $s := repeat 1000000 \"1h\" }}{{ range until 1000 }}{{ $x := durationRound $s }}{{ end }}",
        "{{ $s := repeat 1000000 \"2006\" }}{{ range until 1000 }}{{ $x := date $s 0 }}{{ end }}",
        "{{ $s := printf \"http://h/%s\" (repeat 1000000 \"%41\") }}{{ range until 1000 }}{{ $x := urlParse $s }}{{ end }}",
        "{{ range until 1000 }}{{ $x := derivePassword 1 \"long\" \"a\" \"b\" \"c\" }}{{ end }}",
        "{{ range until 1000 }}{{ $x := bcrypt \"a\" }}{{ end }}",
        "{{ range until 1000 }}{{ $x := genPrivateKey \"rsa\" }}{{ end }}",
    ];
    // Enough for the work of each above to begin, and little enough that ending it takes no time.
    let limits = Limits {
        steps: 100_000,
        memory: 64 << 20,
        ..Limits::default()
    };
    assert_refused(&greedy, &limits);
}

#[test]
fn values_that_hold_themselves_many_times_are_printed_no_further_than_allowed() {
    let shared = [
        "{{ $x := dict \"a\" 1 }}{{ range until 60 }}{{ $x = dict \"a\" $x \"b\" $x }}{{ end }}{{ toPrettyJson $x }}",
        "{{ $x := dict \"a\" 1 }}{{ range until 60 }}{{ $x = dict \"a\" $x \"b\" $x }}{{ end }}{{ html $x }}",
        "{{ $x := list 1 }}{{ range until 60 }}{{ $x = list $x $x }}{{ end }}{{ quote $x }}",
    ];
    let limits = Limits {
        value: 1 << 18,
        ..Limits::default()
    };
    assert_refused(&shared, &limits);
}

// Each text ends in a limit.
fn assert_refused(texts: &[&str], limits: &Limits) {
    let host = Fixed(std::cell::Cell::new(1));
    for text in texts {
        let error = run(sprig::functions(), text, limits, &host).expect_err(text);
        let limit = [
            "a value would be larger",
            "functions made more",
            "execution needs more",
            "nesting is deeper",
        ];
        assert!(
            limit.iter().any(|limit| error.contains(limit)),
            "{text}: {error}"
        );
    }
}

#[test]
fn patterns_take_time_linear_in_the_text() {
    assert_eq!(
        render("{{ regexMatch \"^(a+)+$\" (print (repeat 100000 \"a\") \"b\") }}"),
        "false"
    );
    assert_eq!(
        render("{{ regexFind \"(x+x+)+y\" (repeat 10000 \"x\") }}"),
        ""
    );
    assert_eq!(
        render("{{ regexMatch \"(((\\\\pL{100}){10}))\" (repeat 999 \"a\") }}"),
        "false"
    );
}

/// Values of every kind, as texts of a template.
const ARGUMENTS: &[&str] = &[
    "nil",
    "true",
    "0",
    "-1",
    "7",
    "9223372036854775807",
    "-9223372036854775808",
    "1.5",
    "-1e300",
    "(float64 \"NaN\")",
    "(float64 \"Inf\")",
    "\"\"",
    "\"a\"",
    "\"é日\\xff\\xe6\"",
    "\"-\"",
    "\"(\"",
    "\"[a\"",
    "\"$1${x}\"",
    "\"2006-01-02T15:04:05.999Z07:00 MST\"",
    "\"1h-2.5µs\"",
    "\"%zz\"",
    "\"http://[::1]:x/\"",
    "\">=1.x-0 || ~2\"",
    "\"1.2.3-a+b\"",
    "\"AAAA====\"",
    "(list)",
    "(list nil 1 \"a\" (list))",
    "(dict)",
    "(dict \"a\" (dict \"b\" 1) \"scheme\" \"x\")",
    "(until 3)",
    "(splitList \",\" \"x,y\")",
    "(semver \"1.2.3\")",
    "(toDate \"2006\" \"x\")",
    "(rest (list))",
    "(int64 -9223372036854775808)",
    "'\\x00'",
    "(chunk 2 (list 1 2 3))",
    "\"0x1_F\"",
    "\"{\\\"a\\\":[1e999,\\\"\\\\ud800\\\"]}\"",
    "\"-----BEGIN EC PRIVATE KEY-----\\nAAAA\\n-----END EC PRIVATE KEY-----\"",
];

#[test]
fn no_arguments_make_a_function_panic() {
    let functions = Rc::new(sprig::functions());
    let mut names: Vec<&str> = functions.names().collect();
    names.sort_unstable();
    // Keys and password hashes cost more steps than this allows, so that none is made.
    let limits = Limits {
        steps: 40_000,
        memory: 4 << 20,
        value: 1 << 20,
        ..Limits::default()
    };
    let host = Fixed(std::cell::Cell::new(1));
    let mut seed: u64 = 42;
    let mut draw = |below: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let mut answered = 0;
    for name in names {
        let signature = functions.get(name).unwrap().signature();
        for round in 0..120 {
            let count = signature.params.len()
                + if signature.variadic && round % 3 == 0 {
                    2
                } else {
                    0
                };
            let args: Vec<&str> = (0..count)
                .map(|_| ARGUMENTS[draw(ARGUMENTS.len())])
                .collect();
            let mut templates = TemplateSet::new(functions.clone());
            templates
                .parse("t", format!("{{{{ {name} {} }}}}", args.join(" ")))
                .unwrap();
            let mut out = Vec::new();
            let result = templates.execute(&mut out, "t", Value::Nil, &limits, &host);
            answered += usize::from(result.is_ok());
        }
    }
    assert!(
        answered > 3000,
        "only {answered} calls were answered, the rest refused"
    );
}
