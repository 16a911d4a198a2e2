//! Hostile charts and values end in an error within their limits, whatever they try: none panics, none hangs, none reaches out.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what helps a test fails as a test does"
)]

use std::collections::BTreeMap;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use goyaml::Value;
use helm::{Chart, ChartError, ChartLimits, Limits, ReleaseOptions, RenderError, render};

const CHARTFILE: &str = "apiVersion: v2\nname: hostile\nversion: 0.1.0\n";

/// A packed chart of these entries: type, whole path, content.
fn packed<'a>(entries: impl IntoIterator<Item = (tar::EntryType, &'a str, &'a [u8])>) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (kind, name, data) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(data.len() as u64);
        // `Header::set_path` would refuse what is tested here.
        let field = &mut header.as_gnu_mut().expect("a GNU header").name;
        let bytes = &name.as_bytes()[..name.len().min(100)];
        field[..bytes.len()].copy_from_slice(bytes);
        if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
            header.set_link_name("target").expect("a plain target");
        }
        header.set_cksum();
        tar.append(&header, data).expect("memory takes it");
    }
    let gzip = tar.into_inner().expect("memory takes it");
    gzip.finish().expect("memory takes it")
}

const FILE: tar::EntryType = tar::EntryType::Regular;

fn unpacked(archive: &[u8]) -> ChartError {
    Chart::from_archive(archive, &ChartLimits::default()).expect_err("the archive is hostile")
}

fn chart(files: &[(&str, String)]) -> Result<Chart, ChartError> {
    let mut all = BTreeMap::from([("Chart.yaml".to_owned(), CHARTFILE.as_bytes().to_vec())]);
    for (name, text) in files {
        all.insert((*name).to_owned(), text.clone().into_bytes());
    }
    Chart::from_files(all, &ChartLimits::default())
}

fn loading(files: &[(&str, String)]) -> String {
    let error = chart(files).expect_err("the chart is hostile");
    error.to_string()
}

fn rendering(files: &[(&str, String)], values: goyaml::Map) -> RenderError {
    let chart = chart(files).expect("the chart loads");
    let release = ReleaseOptions::new("release", "default");
    // Few steps, because this is an unoptimised build.
    let mut limits = Limits::default();
    limits.templates.steps /= 50;
    render(&chart, &values, &release, &limits).expect_err("the chart is hostile")
}

fn template(text: &str) -> RenderError {
    rendering(&[("templates/a.yaml", text.to_owned())], goyaml::Map::new())
}

#[test]
fn an_archive_that_unpacks_to_much_more_is_refused_before_it_is_held() {
    // Half a gigabyte of zeros in half a megabyte.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let mut header = tar::Header::new_gnu();
    header.set_path("hostile/zeros").expect("a plain path");
    header.set_size(512 << 20);
    header.set_cksum();
    gzip.write_all(header.as_bytes()).expect("memory takes it");
    let zeros = vec![0; 1 << 20];
    for _ in 0..64 {
        gzip.write_all(&zeros).expect("memory takes it");
    }
    let bomb = gzip.finish().expect("memory takes it");
    let error = unpacked(&bomb).to_string();
    assert_eq!(
        error,
        "the chart exceeds the limit of 41943040 bytes unpacked"
    );
}

#[test]
fn many_files_that_are_too_large_together_are_refused() {
    let data = vec![b'#'; 1 << 20];
    let names: Vec<String> = (0..60)
        .map(|index| format!("hostile/file{index}"))
        .collect();
    let entries = names
        .iter()
        .map(|name| (FILE, name.as_str(), data.as_slice()));
    let error = unpacked(&packed(entries)).to_string();
    assert_eq!(
        error,
        "the chart exceeds the limit of 41943040 bytes unpacked"
    );
}

#[test]
fn an_archive_of_too_many_bytes_or_entries_is_refused() {
    let error = unpacked(&vec![0; 11 << 20]).to_string();
    assert_eq!(
        error,
        "the chart exceeds the limit of 10485760 bytes packed"
    );
    let names: Vec<String> = (0..10_000)
        .map(|index| format!("hostile/{index}/"))
        .collect();
    for kind in [FILE, tar::EntryType::Directory] {
        let entries = names.iter().map(|name| (kind, name.as_str(), &b""[..]));
        let error = unpacked(&packed(entries)).to_string();
        assert_eq!(error, "the chart exceeds the limit of 5000 files");
    }
}

#[test]
fn entries_that_reach_out_of_the_chart_are_refused() {
    for (kind, name) in [
        (FILE, "hostile/../../etc/passwd"),
        (FILE, "hostile/.."),
        (FILE, "../hostile/Chart.yaml"),
        (FILE, "/etc/passwd"),
        (FILE, "hostile//etc/passwd"),
        (FILE, "hostile\\..\\x"),
        (FILE, "hostile/a\\b"),
        (FILE, "hostile/c:/x"),
        (FILE, "hostile"),
        (FILE, "Chart.yaml"),
        (tar::EntryType::Symlink, "hostile/values.yaml"),
        (tar::EntryType::Link, "hostile/values.yaml"),
        (tar::EntryType::Char, "hostile/null"),
        (tar::EntryType::Fifo, "hostile/pipe"),
    ] {
        let archive = packed([
            (FILE, "hostile/Chart.yaml", CHARTFILE.as_bytes()),
            (kind, name, b""),
        ]);
        let error = unpacked(&archive);
        assert!(matches!(error, ChartError::Entry { .. }), "{name}: {error}");
    }
    for name in ["../x", "/x", "a/../../x", "a//b", "./x", "a\\b", "a\0b", ""] {
        let error = chart(&[(name, String::new())]).expect_err("the path is hostile");
        assert!(matches!(error, ChartError::Entry { .. }), "{name}: {error}");
    }
}

#[test]
fn a_second_top_folder_and_a_path_given_twice_are_refused() {
    let second = packed([
        (FILE, "hostile/Chart.yaml", CHARTFILE.as_bytes()),
        (FILE, "other/values.yaml", b"a: 1"),
    ]);
    assert!(
        unpacked(&second)
            .to_string()
            .ends_with("a second top folder")
    );
    let twice = packed([
        (FILE, "hostile/Chart.yaml", CHARTFILE.as_bytes()),
        (FILE, "hostile/./Chart.yaml", CHARTFILE.as_bytes()),
    ]);
    assert!(
        unpacked(&twice)
            .to_string()
            .ends_with("the same path twice")
    );
}

#[test]
fn what_is_no_archive_or_is_cut_off_is_an_error() {
    let whole = packed([(FILE, "hostile/Chart.yaml", CHARTFILE.as_bytes())]);
    for bytes in [
        &b""[..],
        b"text",
        &[0x1F, 0x8B, 8, 0],
        &whole[..whole.len() / 2],
        &whole[..60],
    ] {
        let error = unpacked(bytes);
        assert!(matches!(error, ChartError::Archive(_)), "{error}");
    }
}

#[test]
fn archives_in_archives_end_at_the_depth() {
    let mut archive = packed([(FILE, "hostile/Chart.yaml", CHARTFILE.as_bytes())]);
    for _ in 0..20 {
        archive = packed([
            (FILE, "hostile/Chart.yaml", CHARTFILE.as_bytes()),
            (FILE, "hostile/charts/inner.tgz", &archive),
        ]);
    }
    let error = unpacked(&archive).to_string();
    assert!(
        error.ends_with("the chart exceeds the limit of 8 charts in charts"),
        "{error}"
    );
    let folders = format!("{}Chart.yaml", "charts/x/".repeat(40));
    assert!(loading(&[(&folders, CHARTFILE.to_owned())]).contains("Chart.yaml file is missing"));
}

#[test]
fn too_many_templates_are_refused() {
    let names: Vec<String> = (0..10_000)
        .map(|index| format!("templates/{index}.yaml"))
        .collect();
    let files: Vec<(&str, String)> = names
        .iter()
        .map(|name| (name.as_str(), String::new()))
        .collect();
    assert_eq!(loading(&files), "the chart exceeds the limit of 5000 files");
    assert_eq!(
        loading(&files[..4_000]),
        "the chart exceeds the limit of 2000 templates"
    );
}

#[test]
fn yaml_that_grows_or_nests_without_end_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    for file in ["values.yaml", "Chart.yaml", "requirements.yaml"] {
        let error = loading(&[(file, bomb.clone())]);
        assert!(
            error.starts_with(&format!("cannot load {file}: ")),
            "{error}"
        );
        let error = loading(&[(file, "[".repeat(100_000))]);
        assert!(
            error.starts_with(&format!("cannot load {file}: ")),
            "{error}"
        );
    }
    let error = loading(&[("values.yaml", format!("a: {}", "x".repeat(100 << 20)))]);
    assert_eq!(
        error,
        "the chart exceeds the limit of 41943040 bytes unpacked"
    );
    let error = loading(&[("values.yaml", format!("a: {}", "x".repeat(5 << 20)))]);
    assert_eq!(
        error,
        "the chart exceeds the limit of 4194304 bytes in a YAML file"
    );
}

#[test]
fn values_that_are_too_many_or_too_deep_are_refused() {
    let many = goyaml::Map::from([(
        "many".to_owned(),
        Value::Sequence(vec![Value::Null; 3_100_000]),
    )]);
    let error = rendering(&[], many).to_string();
    assert_eq!(
        error,
        "the chart exceeds the limit of 3000000 values copied while merging"
    );
    let mut deep = Value::Null;
    for _ in 0..150 {
        deep = Value::Mapping(goyaml::Map::from([("a".to_owned(), deep)]));
    }
    let error = rendering(&[], goyaml::Map::from([("deep".to_owned(), deep)])).to_string();
    assert_eq!(error, "the chart exceeds the limit of 100 levels of values");
}

#[test]
fn a_hundred_megabytes_of_values_do_not_pass_into_the_output() {
    let big = goyaml::Map::from([("big".to_owned(), Value::String("x".repeat(100 << 20)))]);
    for text in [
        "a: {{ .Values.big }}",
        "a: {{ toYaml .Values }}",
        "a: {{ .Values.big | upper }}",
    ] {
        let error = rendering(&[("templates/a.yaml", text.to_owned())], big.clone());
        assert!(
            matches!(error, RenderError::Limit { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn templates_that_call_themselves_end_in_a_limit() {
    for text in [
        r#"{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#,
        r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#,
        r#"{{ define "a" }}{{ include "b" . }}{{ end }}{{ define "b" }}{{ include "a" . }}{{ end }}{{ include "a" . }}"#,
        "{{ $x := `{{ tpl .x . }}` }}{{ tpl $x (dict `x` $x `Template` .Template) }}",
        r#"{{ include .Template.Name . }}"#,
    ] {
        let error = template(text);
        assert!(
            matches!(error, RenderError::Limit { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn templates_that_work_or_write_without_end_end_in_a_limit() {
    for text in [
        "{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}",
        "{{ range 1000000000 }}{{ end }}",
        "{{ repeat 1000000000 `x` }}",
        "{{ $x := `xxxxxxxxxx` }}{{ range until 100 }}{{ $x = cat $x $x }}{{ end }}",
        "{{ range until 10000 }}{{ repeat 10000 `x` }}{{ end }}",
        "{{ $m := dict }}{{ $_ := set $m `m` $m }}{{ mustToYaml $m }}",
        "{{ $l := list }}{{ range until 300 }}{{ $l = list $l $l }}{{ end }}{{ toYaml $l }}",
        "{{ $l := list }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ toToml (dict `a` $l) }}",
        "{{ range until 1000 }}{{ tpl (repeat 5000 `{{ 1 }}`) $ }}{{ end }}",
        "{{ range until 10000 }}{{ fromYaml (repeat 1000 `a: [b, c]\n`) }}{{ end }}",
    ] {
        let error = template(text);
        assert!(
            matches!(error, RenderError::Limit { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn too_many_documents_are_refused() {
    let error = template("{{ range until 20000 }}\n---\nkind: A\n{{ end }}").to_string();
    assert_eq!(error, "the chart exceeds the limit of 10000 documents");
}

#[test]
fn a_glob_of_many_stars_takes_no_time() {
    let name = format!("files/{}", "a".repeat(400));
    let text = format!(
        "kind: A\nx: {{{{ len (.Files.Glob {:?}) }}}}",
        "*a".repeat(200) + "b"
    );
    let chart = chart(&[(&name, String::new()), ("templates/a.yaml", text)]).expect("it loads");
    let release = ReleaseOptions::new("release", "default");
    let rendered = render(&chart, &goyaml::Map::new(), &release, &Limits::default());
    let rendered = rendered.expect("a glob that matches nothing is no error");
    assert_eq!(rendered.documents[0].text, "kind: A\nx: 0");
}

#[test]
fn dependencies_on_oneself_and_aliases_without_end_are_refused() {
    let own = format!("{CHARTFILE}dependencies: [{{name: hostile, version: '*', alias: again}}]\n");
    let error = rendering(&[("Chart.yaml", own.clone())], goyaml::Map::new());
    assert_eq!(
        error.to_string(),
        "found in Chart.yaml, but missing in charts/ directory: hostile"
    );
    // A chart that holds itself ends where the folders end.
    let files = [
        ("Chart.yaml", own.clone()),
        ("charts/hostile/Chart.yaml", own.clone()),
        (
            "charts/hostile/charts/hostile/Chart.yaml",
            CHARTFILE.to_owned(),
        ),
    ];
    let chart = chart(&files).expect("it loads");
    let release = ReleaseOptions::new("release", "default");
    let rendered = render(&chart, &goyaml::Map::new(), &release, &Limits::default());
    assert!(rendered.expect("a finite chart").documents.is_empty());
    // Ten aliases on each of six levels would be a million charts.
    let aliases: Vec<String> = (0..10)
        .map(|index| format!("{{name: hostile, version: '*', alias: a{index}}}"))
        .collect();
    let text = format!("{CHARTFILE}dependencies: [{}]\n", aliases.join(", "));
    let names: Vec<String> = (0..6)
        .map(|level| format!("{}Chart.yaml", "charts/hostile/".repeat(level)))
        .collect();
    let files: Vec<(&str, String)> = names
        .iter()
        .map(|name| (name.as_str(), text.clone()))
        .collect();
    let error = rendering(
        &files.into_iter().chain([("charts/hostile/charts/hostile/charts/hostile/charts/hostile/charts/hostile/charts/hostile/Chart.yaml", CHARTFILE.to_owned())]).collect::<Vec<_>>(),
        goyaml::Map::new(),
    );
    assert_eq!(
        error.to_string(),
        "the chart exceeds the limit of 1000 charts"
    );
}

#[test]
fn a_schema_cannot_reach_out_or_work_without_end() {
    let remote = r#"{"$ref": "https://example.com/schema.json"}"#;
    let file = r#"{"$ref": "file:///etc/passwd"}"#;
    for schema in [remote, file] {
        let error = rendering(
            &[("values.schema.json", schema.to_owned())],
            goyaml::Map::new(),
        );
        assert!(
            error
                .to_string()
                .contains("schemas of other documents are not loaded"),
            "{error}"
        );
    }
    let twice = r##"{"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}"##;
    let own = r##"{"allOf": [{"$ref": "#"}, {"$ref": "#"}]}"##;
    let mut deep = Value::Null;
    for _ in 0..60 {
        deep = Value::Mapping(goyaml::Map::from([("a".to_owned(), deep)]));
    }
    let Value::Mapping(values) = deep else {
        panic!("it is a map")
    };
    for schema in [twice, own] {
        let error = rendering(&[("values.schema.json", schema.to_owned())], values.clone());
        assert!(error.to_string().contains("takes too much work"), "{error}");
    }
    let nested = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let error = rendering(&[("values.schema.json", nested)], goyaml::Map::new());
    assert!(matches!(error, RenderError::Schema(_)), "{error}");
}

#[test]
fn a_repeatable_rendering_refuses_clock_chance_and_environment() {
    for (text, reason) in [
        ("{{ now }}", "clock"),
        ("{{ randAlphaNum 5 }}", "random"),
        ("{{ uuidv4 }}", "random"),
        ("{{ genCA `a` 1 }}", "keys"),
        ("{{ env `PATH` }}", "not defined"),
        ("{{ expandenv `$PATH` }}", "not defined"),
    ] {
        let error = template(text).to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}

#[test]
fn nothing_of_a_chart_or_its_output_is_in_debug_output() {
    let chart = chart(&[
        ("values.yaml", "password: hunter2".to_owned()),
        (
            "templates/a.yaml",
            "kind: Secret\nx: {{ .Values.password }}".to_owned(),
        ),
    ]);
    let chart = chart.expect("it loads");
    let release = ReleaseOptions::new("release", "default");
    let rendered = render(&chart, &goyaml::Map::new(), &release, &Limits::default());
    let rendered = rendered.expect("it renders");
    assert!(rendered.manifest().contains("hunter2"));
    assert!(!format!("{chart:?} {rendered:?}").contains("hunter2"));
}
