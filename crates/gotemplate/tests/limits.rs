//! Hostile templates end in a typed error within their budget, whatever they try.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what helps a test fails as a test does"
)]

use gotemplate::{
    Context, ExecError, FuncError, Functions, Limit, Limits, NoHost, ParseError, Signature,
    TemplateSet, Type, Value,
};

/// `include` as Helm has it, `repeat` and `until` as Sprig has them.
fn functions() -> Functions {
    fn include(context: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
        let [Value::Str(name), data] = args else {
            panic!("checked by the engine")
        };
        Ok(Value::str(context.execute(&name.to_text(), data.clone())?))
    }
    fn until(context: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
        let [Value::Int(count, _)] = args else {
            panic!("checked by the engine")
        };
        context.reserve(
            usize::try_from(*count)
                .unwrap_or_default()
                .saturating_mul(24),
        )?;
        Ok(Value::list((0..*count).map(Value::int).collect()))
    }
    fn list(_: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
        Ok(Value::list(args.to_vec()))
    }
    fn set(_: &mut Context<'_>, args: &[Value]) -> Result<Value, FuncError> {
        let [Value::Map(map), Value::Str(key), value] = args else {
            panic!("checked by the engine")
        };
        assert!(map.set(key.clone(), value.clone()));
        Ok(args[0].clone())
    }
    let mut functions = Functions::new();
    functions
        .add(
            "include",
            Signature::fixed(&[Type::String, Type::Interface]),
            include,
        )
        .add("until", Signature::fixed(&[Type::INT]), until)
        .add("list", Signature::variadic(&[Type::Interface]), list)
        .add(
            "set",
            Signature::fixed(&[Type::DICT, Type::String, Type::Interface]),
            set,
        );
    functions
}

/// Small enough that even an unoptimised build uses it up at once.
fn budget() -> Limits {
    Limits {
        steps: 1_000_000,
        output: 1 << 20,
        memory: 16 << 20,
        value: 1 << 20,
        ..Limits::default()
    }
}

fn render(text: &str, limits: &Limits) -> Result<Vec<u8>, ExecError> {
    let mut set = TemplateSet::new(functions());
    set.parse("t", text).expect("the text parses");
    let mut out = Vec::new();
    let data = Value::dict([("map", Value::dict([("key", Value::int(1))]))]);
    let result = set.execute(&mut out, "t", data, limits, &NoHost);
    assert!(out.len() <= limits.output, "wrote {} bytes", out.len());
    result.map(|()| out)
}

fn limit(text: &str) -> Limit {
    match render(text, &budget()) {
        Err(ExecError::Limit { limit, .. }) => limit,
        other => panic!("{text:.60} gave {other:?}"),
    }
}

#[test]
fn loops_end_when_the_steps_are_used_up() {
    assert!(matches!(
        limit("{{range 1000000000}}{{end}}"),
        Limit::Steps(_)
    ));
    assert!(matches!(
        limit("{{range 100000}}{{range 100000}}{{end}}{{end}}"),
        Limit::Steps(_)
    ));
}

#[test]
fn work_in_nested_executions_is_charged_to_the_same_budget() {
    let text =
        r#"{{define "a"}}{{range 1000}}{{end}}{{end}}{{range 1000000}}{{include "a" .}}{{end}}"#;
    assert!(matches!(limit(text), Limit::Steps(_)));
}

#[test]
fn templates_that_double_at_each_level_end_early() {
    let mut text = String::from(r#"{{define "x0"}}xxxxxxxxxxxxxxxx{{end}}"#);
    for level in 1..=60 {
        let below = level - 1;
        text += &format!(
            r#"{{{{define "x{level}"}}}}{{{{template "x{below}"}}}}{{{{template "x{below}"}}}}{{{{end}}}}"#
        );
    }
    text += r#"{{template "x60"}}"#;
    assert!(matches!(limit(&text), Limit::Steps(_) | Limit::Output(_)));
}

#[test]
fn strings_that_double_end_before_they_are_large() {
    let text = r#"{{$x := "xxxxxxxx"}}{{range 100}}{{$x = print $x $x}}{{end}}"#;
    assert!(matches!(limit(text), Limit::Value(_) | Limit::Memory(_)));
    let text = r#"{{$x := "xxxxxxxx"}}{{range 100}}{{$x = printf "%q%q" $x $x}}{{end}}"#;
    assert!(matches!(limit(text), Limit::Value(_) | Limit::Memory(_)));
}

#[test]
fn lists_that_hold_themselves_many_times_print_no_more_than_allowed() {
    let text = "{{$x := list 1 2 3}}{{range 100}}{{$x = list $x $x}}{{end}}{{$x}}";
    assert!(matches!(limit(text), Limit::Output(_)));
    let text = "{{$x := list 1 2 3}}{{range 100}}{{$x = list $x $x}}{{end}}{{len (print $x)}}";
    assert!(matches!(limit(text), Limit::Value(_)));
}

#[test]
fn a_wide_pad_or_a_long_list_is_refused_before_it_is_made() {
    assert!(matches!(limit("{{until 1000000000}}"), Limit::Value(_)));
    let wide = r#"{{printf "%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d%1000000d" 1 2 3 4 5 6 7 8 9}}"#;
    let small = Limits {
        value: 1 << 20,
        ..budget()
    };
    assert!(matches!(
        render(wide, &small),
        Err(ExecError::Limit {
            limit: Limit::Value(_),
            ..
        })
    ));
    let precise = r#"{{printf "%.1000000f" 1.5}}"#;
    let tiny = Limits {
        value: 1000,
        ..budget()
    };
    assert!(matches!(
        render(precise, &tiny),
        Err(ExecError::Limit {
            limit: Limit::Value(_),
            ..
        })
    ));
}

#[test]
fn recursion_ends_at_the_depth_limit_on_a_small_stack() {
    for text in [
        r#"{{template "t" .}}"#,
        r#"{{if true}}{{with 1}}{{template "t" $}}{{end}}{{end}}"#,
        r#"{{range 1}}{{template "t" $}}{{end}}"#,
        r#"{{include "t" .}}"#,
        r#"{{print (print (include "t" .))}}"#,
        r#"{{(include "t" .).x}}"#,
        r#"{{define "a"}}{{include "b" .}}{{end}}{{define "b"}}{{template "a" .}}{{end}}{{template "a" .}}"#,
    ] {
        assert!(matches!(limit(text), Limit::Depth(_)), "{text}");
    }
}

#[test]
fn a_map_that_holds_itself_can_be_printed_and_dropped() {
    let text = r#"{{$_ := set .map "self" .map}}{{.map}}"#;
    assert!(matches!(limit(text), Limit::Depth(_)));
}

#[test]
fn a_very_deep_value_is_dropped_without_recursion() {
    let text = "{{$x := list}}{{range 100000}}{{$x = list $x}}{{end}}{{len $x}}";
    assert_eq!(render(text, &budget()).expect("it is only deep"), b"1");
}

#[test]
fn deep_texts_are_refused_by_the_parser() {
    let depth = 10_000;
    let texts = [
        format!("{{{{{}1{}}}}}", "(".repeat(depth), ")".repeat(depth)),
        format!("{}{}", "{{if 1}}".repeat(depth), "{{end}}".repeat(depth)),
        format!("{}{}", "{{range 1}}".repeat(depth), "{{end}}".repeat(depth)),
        format!(
            "{}{}",
            r#"{{block "b" .}}"#.repeat(depth),
            "{{end}}".repeat(depth)
        ),
        format!("{{{{if 0}}}}{}{{{{end}}}}", "{{else if 0}}".repeat(depth)),
        format!(
            "{{{{with 0}}}}{}{{{{end}}}}",
            "{{else with 0}}".repeat(depth)
        ),
    ];
    for text in texts {
        let mut set = TemplateSet::new(Functions::new());
        let error = set.parse("t", &text).expect_err("it is too deep");
        assert!(
            matches!(
                error,
                ParseError::Limit {
                    limit: Limit::Depth(_),
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn what_the_parser_allows_the_evaluator_can_walk() {
    let depth = 190;
    let limits = Limits {
        depth: 400,
        ..budget()
    };
    let text = format!("{}x{}", "{{if 1}}".repeat(depth), "{{end}}".repeat(depth));
    assert_eq!(
        render(&text, &limits).expect("it is within the limit"),
        b"x"
    );
    let text = format!("{{{{{}1{}}}}}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(
        render(&text, &limits).expect("it is within the limit"),
        b"1"
    );
    let text = format!(
        "{{{{if 0}}}}{}{{{{else}}}}x{{{{end}}}}",
        "{{else if 0}}".repeat(depth)
    );
    assert_eq!(
        render(&text, &limits).expect("it is within the limit"),
        b"x"
    );
}

#[test]
fn a_limit_error_names_the_place_and_the_budget() {
    let limits = Limits {
        output: 4,
        ..budget()
    };
    let error = render("ab\n {{print \"cdef\"}}", &limits).expect_err("it is too long");
    assert_eq!(
        error.to_string(),
        "template: t:2:3: output is larger than 4 bytes"
    );
}
