//! What kustomize leaves undone, or undoes: directives of Kubernetes, and patches that would empty a list in silence.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use kustomize::{Json6902Patch, Limits, PatchError, Target};

const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations: {a: x, b: 1.50}
  labels: {l: m}
  finalizers: [f1, f2]
spec:
  containers:
  - {name: a, image: i, args: [x, y, x]}
  - {name: b, image: j}
  - {name: c, image: k}
  volumes:
  - name: v
    emptyDir: {}
";

fn patched(patch: &str) -> Result<String, PatchError> {
    let patch = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\n{patch}");
    kustomize::apply(POD, &patch, &[], &Limits::default())
}

/// The lines from the one that reads `start` to the last that is indented more, or is an item of its list.
fn part(text: &str, start: &str) -> Vec<String> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text.lines().skip_while(|line| line.trim() != start);
    let first = lines.next().unwrap();
    lines
        .take_while(|line| {
            depth(line) > depth(first)
                || (depth(line) == depth(first) && line.trim().starts_with("- "))
        })
        .map(|line| line.trim().to_owned())
        .collect()
}

fn names(text: &str) -> Vec<String> {
    part(text, "containers:")
        .into_iter()
        .filter_map(|line| {
            line.trim_start_matches("- ")
                .strip_prefix("name: ")
                .map(str::to_owned)
        })
        .collect()
}

#[test]
fn retain_keys_drops_what_it_does_not_name() {
    let text = patched(
        "spec: {volumes: [{name: v, $retainKeys: [name, hostPath], hostPath: {path: /h}}]}\n",
    )
    .unwrap();
    assert_eq!(
        part(&text, "volumes:"),
        ["- hostPath:", "path: /h", "name: v"]
    );
}

#[test]
fn retain_keys_must_name_the_fields_of_the_patch() {
    let error =
        patched("spec: {volumes: [{name: v, $retainKeys: [name], hostPath: {path: /h}}]}\n")
            .unwrap_err();
    assert_eq!(
        error.to_string(),
        "strategic merge patch of Pod p does not apply at spec.volumes.v.hostPath: $retainKeys does not name this field of the patch"
    );
}

#[test]
fn delete_from_primitive_list_takes_every_equal_value() {
    let text =
        patched("spec: {containers: [{name: a, $deleteFromPrimitiveList/args: [x]}]}\n").unwrap();
    assert_eq!(
        part(&text, "- args:")
            .into_iter()
            .take(3)
            .collect::<Vec<_>>(),
        ["- \"y\"", "image: i", "name: a"]
    );
}

#[test]
fn set_element_order_orders_and_leaves_the_others_where_they_were() {
    let text = patched("spec: {$setElementOrder/containers: [{name: c}, {name: a}]}\n").unwrap();
    assert_eq!(names(&text), ["b", "c", "a"]);
    let text = patched("spec: {$setElementOrder/containers: [{name: c}, {name: d}, {name: b}, {name: a}], containers: [{name: d}]}\n").unwrap();
    assert_eq!(names(&text), ["c", "d", "b", "a"]);
}

#[test]
fn no_directive_is_printed() {
    let text = patched(
        "metadata: {name: p, $setElementOrder/finalizers: [f2, f1], $deleteFromPrimitiveList/finalizers: [f3]}\n\
         spec: {$patch: merge, $retainKeys: [containers], containers: [{name: a, $patch: replace, image: z}]}\n",
    );
    // The second `metadata` is one too many: YAML refuses it before anything is merged.
    assert!(matches!(text, Err(PatchError::Strategic(_))));
    let patch = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, $setElementOrder/finalizers: [f2, f1], $deleteFromPrimitiveList/finalizers: [f3]}\n\
                 spec: {$patch: merge, $retainKeys: [containers], containers: [{name: a, $patch: replace, image: z}]}\n";
    let text = kustomize::apply(POD, patch, &[], &Limits::default()).unwrap();
    assert!(!text.contains('$'), "{text}");
    assert_eq!(part(&text, "finalizers:"), ["- f2", "- f1"]);
    assert!(!text.contains("volumes"));
}

#[test]
fn replace_is_carried_out_for_elements_and_for_the_object() {
    let text = patched("spec: {containers: [{name: a, $patch: replace, image: z}]}\n").unwrap();
    assert!(!text.contains("args"), "{text}");
    assert_eq!(names(&text), ["a", "b", "c"]);
    let text = patched("$patch: replace\nspec: {only: this}\n").unwrap();
    assert_eq!(
        text,
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  only: this\n"
    );
}

#[test]
fn null_takes_annotations_and_labels_away() {
    let patch = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {a: null, c: 2.50}, labels: {l: null}}\n";
    let text = kustomize::apply(POD, patch, &[], &Limits::default()).unwrap();
    assert_eq!(part(&text, "annotations:"), ["b: \"1.50\"", "c: \"2.50\""]);
    assert_eq!(part(&text, "labels: {}"), Vec::<String>::new());
}

#[test]
fn an_element_without_its_key_is_an_error_and_empties_no_list() {
    let error = patched("spec: {containers: [{name: a}, {image: z}]}\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "strategic merge patch of Pod p does not apply at spec.containers.1: the patch has no name"
    );
}

#[test]
fn a_list_of_the_resource_with_a_keyless_element_is_left_alone() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - name: a\n  - image: x\n  - 1\n  - null\n";
    let patch = |spec: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\n{spec}");
    assert_eq!(
        kustomize::apply(pod, &patch(""), &[], &Limits::default()).unwrap(),
        pod
    );
    let error = kustomize::apply(
        pod,
        &patch("spec: {containers: [{name: a}]}"),
        &[],
        &Limits::default(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "strategic merge patch of Pod p does not apply at spec.containers.1: the resource has no name"
    );
}

#[test]
fn a_target_without_a_resource_is_an_error() {
    let target = Target {
        kind: "Pod".to_owned(),
        name: "q".to_owned(),
        ..Target::default()
    };
    let patch = Json6902Patch {
        target,
        patch: "- {op: remove, path: /spec}".to_owned(),
    };
    let error = kustomize::apply(POD, "", &[patch], &Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "json 6902 patch 1 matches no resource: check the group, version, kind and name of its target"
    );
    let error = patched("")
        .and_then(|_| {
            kustomize::apply(
                POD,
                "apiVersion: v1\nkind: Pod\nmetadata: {name: q}\n",
                &[],
                &Limits::default(),
            )
        })
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "strategic merge patch of Pod q matches 0 resources: its apiVersion, kind, name and namespace must be those of one resource"
    );
}

#[test]
fn errors_name_the_operation_and_the_resource() {
    let target = Target {
        kind: "Pod".to_owned(),
        name: "p".to_owned(),
        ..Target::default()
    };
    let patch = "- {op: test, path: /spec/containers/0/name, value: a}\n- {op: remove, path: /spec/containers/7}\n".to_owned();
    let error = kustomize::apply(
        POD,
        "",
        &[Json6902Patch { target, patch }],
        &Limits::default(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "json 6902 patch 1 does not apply to Pod p: operation 2: index 7 is past the end of the list"
    );
}

#[test]
fn resources_can_be_printed_one_by_one() {
    let resources = kustomize::patch(POD, "", &[], &Limits::default()).unwrap();
    let [pod] = resources.as_slice() else {
        panic!("one resource")
    };
    assert_eq!(
        (
            pod.id().api_version().as_str(),
            pod.id().kind.as_str(),
            pod.id().name.as_str()
        ),
        ("v1", "Pod", "p")
    );
    assert!(
        pod.to_yaml()
            .unwrap()
            .starts_with("apiVersion: v1\nkind: Pod\n")
    );
}
