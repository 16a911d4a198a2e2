//! What the committed answers of Go cannot show: sets of templates, host functions and objects, and the texts of errors that
//! pass through them. The language itself is in `differential.rs`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what helps a test fails as a test does"
)]

use std::any::Any;
use std::rc::Rc;

use gotemplate::{
    Context, ExecError, FuncError, Function, Functions, Limits, MissingKey, NoHost, Object,
    Signature, TemplateSet, Type, Value,
};

fn render(set: &TemplateSet, name: &str, data: Value) -> Result<String, String> {
    let mut out = Vec::new();
    let result = set.execute(&mut out, name, data, &Limits::default(), &NoHost);
    result.map_err(|error| error.to_string())?;
    Ok(String::from_utf8(out).expect("the output is text"))
}

fn set(texts: &[(&str, &str)]) -> TemplateSet {
    let mut set = TemplateSet::new(Functions::new());
    for (name, text) in texts {
        set.parse(name, text).expect("the text parses");
    }
    set
}

#[test]
fn a_later_text_replaces_a_template_unless_it_is_empty() {
    let mut set = set(&[
        ("a", "one"),
        ("b", r#"{{define "c"}}old{{end}}{{template "c"}}"#),
    ]);
    set.parse("a", " \n {{/* nothing */}} ").expect("it parses");
    assert_eq!(render(&set, "a", Value::Nil), Ok("one".into()));
    set.parse("a", "two").expect("it parses");
    assert_eq!(render(&set, "a", Value::Nil), Ok("two".into()));
    set.parse("d", r#"{{define "c"}}new{{end}}"#)
        .expect("it parses");
    assert_eq!(render(&set, "b", Value::Nil), Ok("new".into()));
}

#[test]
fn one_text_cannot_define_a_template_twice() {
    let mut set = TemplateSet::new(Functions::new());
    let text = r#"{{define "x"}}1{{end}}{{define "x"}}2{{end}}"#;
    let error = set.parse("t", text).expect_err("two definitions");
    assert_eq!(
        error.to_string(),
        r#"template: t:1: template: multiple definition of template "x""#
    );
    assert!(
        !set.contains("x"),
        "a text that fails leaves the set as it was"
    );
}

#[test]
fn a_block_can_be_overridden_in_a_clone_without_touching_the_original() {
    let base = set(&[("page", r#"<{{block "body" .}}default{{end}}>"#)]);
    let mut copy = base.clone();
    copy.parse("other", r#"{{define "body"}}mine {{.}}{{end}}"#)
        .expect("it parses");
    assert_eq!(render(&base, "page", Value::int(1)), Ok("<default>".into()));
    assert_eq!(render(&copy, "page", Value::int(1)), Ok("<mine 1>".into()));
}

#[test]
fn delimiters_can_be_others() {
    let mut set = TemplateSet::new(Functions::new()).delims("<%", "%>");
    set.parse("t", "{{.}} <% . -%>  <%/* c */%>!")
        .expect("it parses");
    assert_eq!(render(&set, "t", Value::int(3)), Ok("{{.}} 3!".into()));
}

#[test]
fn an_unknown_template_is_named_with_its_set() {
    let set = TemplateSet::new(Functions::new()).named("gotpl");
    let error = render(&set, "missing", Value::Nil);
    assert_eq!(
        error,
        Err(r#"template: no template "missing" associated with template "gotpl""#.into())
    );
}

#[test]
fn a_refused_function_says_why() {
    let mut functions = Functions::new();
    functions.refuse("now", "it reads the clock");
    let error = TemplateSet::new(functions)
        .parse("t", "a\n{{now}}")
        .expect_err("it is refused");
    assert_eq!(
        error.to_string(),
        r#"template: t:2: function "now" not allowed: it reads the clock"#
    );
}

#[test]
fn functions_of_the_host_go_before_gos_own() {
    let mut functions = Functions::new();
    functions.add("len", Signature::fixed(&[Type::Interface]), |_, _| {
        Ok(Value::str("mine"))
    });
    functions.add("break", Signature::fixed(&[]), |_, _| {
        Ok(Value::str("no keyword"))
    });
    let mut set = TemplateSet::new(functions);
    set.parse("t", "{{len 1}} {{break}}").expect("it parses");
    assert_eq!(render(&set, "t", Value::Nil), Ok("mine no keyword".into()));
}

#[test]
fn arguments_are_checked_before_a_function_sees_them() {
    let mut functions = Functions::new();
    functions
        .add("text", Signature::fixed(&[Type::String]), |_, args| {
            Ok(args[0].clone())
        })
        .add(
            "wide",
            Signature::fixed(&[Type::INT64, Type::Float64]),
            |_, args| Ok(Value::list(args.to_vec())),
        )
        .add("keys", Signature::fixed(&[Type::DICT]), |_, args| {
            let Value::Map(map) = &args[0] else {
                panic!("checked by the engine")
            };
            Ok(Value::int(map.len() as i64))
        })
        .add(
            "join",
            Signature::variadic(&[Type::Bool, Type::String]),
            |_, args| Ok(Value::int(args.len() as i64)),
        );
    let run = |text: &str| {
        let mut set = TemplateSet::new(functions.clone());
        set.parse("t", text).expect("the text parses");
        render(
            &set,
            "t",
            Value::dict([
                ("n", Value::Float(1.0)),
                ("nil", Value::Nil),
                ("m", Value::dict([("a", Value::Nil)])),
            ]),
        )
    };
    let fails = |text: &str, at: &str, message: &str| {
        let error = run(text).expect_err("the argument is wrong");
        assert!(
            error.ends_with(&format!("executing \"t\" at <{at}>: {message}")),
            "{error}"
        );
    };
    assert_eq!(
        run(r#"{{printf "%T" (wide 1 2)}} {{wide 1 2}}"#),
        Ok("[]interface {} [1 2]".into())
    );
    assert_eq!(
        run("{{keys .m}} {{keys nil}} {{keys .missing}}"),
        Ok("1 0 0".into())
    );
    assert_eq!(
        run(r#"{{join true}} {{join true "a" "b"}} {{"c" | join false}}"#),
        Ok("1 3 2".into())
    );
    fails(
        "{{text .n}}",
        ".n",
        "wrong type for value; expected string; got float64",
    );
    fails(
        "{{text .nil}}",
        ".nil",
        "wrong type for value; expected string; got interface {}",
    );
    fails(
        "{{text .missing}}",
        ".missing",
        "invalid value; expected string",
    );
    fails("{{text 1}}", "1", "expected string; found 1");
    fails("{{text nil}}", "nil", "cannot assign nil to string");
    fails(
        "{{text}}",
        "text",
        "wrong number of args for text: want 1 got 0",
    );
    fails(
        r#"{{join}}"#,
        "join",
        "wrong number of args for join: want at least 1 got 0",
    );
    fails(
        "{{keys .nil}}",
        ".nil",
        "wrong type for value; expected map[string]interface {}; got interface {}",
    );
}

/// A chart's files, as Helm offers them.
struct Files;

impl Object for Files {
    fn go_type(&self) -> Type {
        Type::Object("files")
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::dict([("a.txt", Value::str("hello"))]))
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "Get").then_some(Signature::fixed(&[Type::String]))
    }

    fn call(&self, _: &mut Context<'_>, _: &str, args: &[Value]) -> Result<Value, FuncError> {
        match &args[0] {
            Value::Str(name) if name.as_bytes() == b"a.txt" => Ok(Value::str("hello")),
            _ => Err(FuncError::new("no such file")),
        }
    }
}

#[test]
fn host_objects_have_methods_and_are_what_they_stand_for() {
    let set = set(&[
        (
            "ok",
            r#"{{.Files.Get "a.txt"}} {{"a.txt" | .Files.Get}} {{len .Files}} {{range $k, $v := .Files}}{{$k}}={{$v}}{{end}}"#,
        ),
        ("fails", r#"{{.Files.Get "b"}}"#),
        ("wrong", "{{.Files.Get 1}}"),
        ("none", "{{.Files.None.x}}"),
    ]);
    let data = || Value::dict([("Files", Value::Object(Rc::new(Files)))]);
    assert_eq!(
        render(&set, "ok", data()),
        Ok("hello hello 1 a.txt=hello".into())
    );
    let at = |name: &str| render(&set, name, data()).expect_err("it fails");
    assert_eq!(
        at("fails"),
        r#"template: fails:1:8: executing "fails" at <.Files.Get>: error calling Get: no such file"#
    );
    assert_eq!(
        at("wrong"),
        r#"template: wrong:1:13: executing "wrong" at <1>: expected string; found 1"#
    );
    assert_eq!(render(&set, "none", data()), Ok("<no value>".into()));
}

/// `include` and `tpl`, as Helm builds them on the engine.
fn helm_functions() -> Functions {
    let mut functions = Functions::new();
    functions.add(
        "include",
        Signature::fixed(&[Type::String, Type::Interface]),
        |context, args| {
            let Value::Str(name) = &args[0] else {
                panic!("checked by the engine")
            };
            Ok(Value::str(
                context.execute(&name.to_text(), args[1].clone())?,
            ))
        },
    );
    functions.insert(
        "tpl",
        Function::shared(
            Signature::fixed(&[Type::String, Type::Interface]),
            Rc::new(|context: &mut Context<'_>, args: &[Value]| {
                let Value::Str(text) = &args[0] else {
                    panic!("checked by the engine")
                };
                let mut set = context.templates().clone();
                set.parse("tpl", text.as_bytes())?;
                Ok(Value::str(context.execute_in(
                    &set,
                    "tpl",
                    args[1].clone(),
                )?))
            }),
        ),
    );
    functions
}

#[test]
fn functions_can_execute_templates_and_parse_new_ones() {
    let mut set = TemplateSet::new(helm_functions());
    let text = r#"{{define "n"}}<{{.}}>{{end}}{{include "n" 1 | printf "%s!"}} {{tpl "{{include \"n\" .x}}" (index . 0)}}"#;
    set.parse("t", text).expect("it parses");
    let data = Value::list(vec![Value::dict([("x", Value::int(2))])]);
    assert_eq!(render(&set, "t", data), Ok("<1>! <2>".into()));
    assert!(
        !set.contains("tpl"),
        "what a template parses stays in its own set"
    );
}

#[test]
fn an_error_inside_an_included_template_keeps_both_places() {
    let mut set = TemplateSet::new(helm_functions());
    set.parse("t", "{{define \"n\"}}\n{{.x.y}}{{end}}{{include \"n\" .}}")
        .expect("it parses");
    let error = render(&set, "t", Value::dict([("x", Value::Nil)])).expect_err("x is nil");
    assert_eq!(
        error,
        "template: t:2:17: executing \"t\" at <include \"n\" .>: error calling include: \
         template: t:2:4: executing \"n\" at <.x.y>: nil pointer evaluating interface {}.y"
    );
    set.parse("u", r#"{{tpl "{{" .}}"#).expect("it parses");
    let error = render(&set, "u", Value::Nil).expect_err("the inner text is broken");
    assert_eq!(
        error,
        r#"template: u:1:2: executing "u" at <tpl "{{" .>: error calling tpl: template: tpl:1: unclosed action"#
    );
}

#[test]
fn a_missing_key_can_be_an_error() {
    let mut set = TemplateSet::new(Functions::new()).missing_key(MissingKey::Error);
    set.parse("t", "{{.APP}}").expect("it parses");
    let error = render(&set, "t", Value::dict([("BRANCH", Value::str("main"))]))
        .expect_err("there is no such key");
    assert_eq!(
        error,
        r#"template: t:1:2: executing "t" at <.APP>: map has no entry for key "APP""#
    );
}

#[test]
fn maps_are_shared_by_all_who_hold_them() {
    let mut functions = Functions::new();
    functions.add(
        "set",
        Signature::fixed(&[Type::DICT, Type::String, Type::Interface]),
        |_, args| {
            let [Value::Map(map), Value::Str(key), value] = args else {
                panic!("checked by the engine")
            };
            if !map.set(key.clone(), value.clone()) {
                return Err(FuncError::new("assignment to entry in nil map"));
            }
            Ok(args[0].clone())
        },
    );
    let mut set = TemplateSet::new(functions);
    let text = r#"{{$copy := .m}}{{$_ := set .m "k" 2}}{{$copy.k}} {{range $k, $v := .m}}{{$_ := set $.m "new" 1}}{{$k}}{{end}} {{len .m}}"#;
    set.parse("t", text).expect("it parses");
    let map = Value::dict([("k", Value::int(1))]);
    assert_eq!(
        render(&set, "t", Value::dict([("m", map.clone())])),
        Ok("2 k 2".into())
    );
    let Value::Map(map) = map else {
        panic!("it is a map")
    };
    assert!(map.contains_key(b"new"), "the host sees the change too");
}

#[test]
fn strings_may_hold_any_bytes() {
    let set = set(&[("t", r#"{{.}}{{len .}}{{printf "%q" .}}{{index . 1}}"#)]);
    let mut out = Vec::new();
    let data = Value::str(vec![b'a', 0xFF, b'b']);
    set.execute(&mut out, "t", data, &Limits::default(), &NoHost)
        .expect("it renders");
    assert_eq!(out, b"a\xFFb3\"a\\xffb\"255");
}

#[test]
fn debug_output_shows_no_values() {
    let secret = Value::dict([("token", Value::str("hunter2"))]);
    assert_eq!(format!("{secret:?}"), "map[string]interface {}");
    let error = ExecError::Failed("x".into());
    assert_eq!(format!("{error:?}"), r#"Failed("x")"#);
}

#[test]
fn the_readme_names_every_function() {
    let readme = include_str!("../README.md");
    let functions = gotemplate::sprig::functions();
    let missing: Vec<_> = functions
        .names()
        .filter(|name| !readme.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
}

#[test]
fn a_view_of_a_map_shares_its_entries_under_another_type() {
    use gotemplate::{Map, Str, Type};

    let map = Map::new(Type::DICT);
    let view = map.view(Type::Named("common.Values", &Type::DICT));
    assert!(view.view(Type::DICT).set(Str::from("a"), Value::int(1)));
    assert!(map.contains_key(b"a") && view.len() == 1 && view.is_same(&map));
    assert_eq!(view.go_type().to_string(), "common.Values");
    drop(map);
    assert!(view.contains_key(b"a"));
}
