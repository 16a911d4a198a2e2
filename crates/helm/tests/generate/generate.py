"""Asks real Helm for the answers of tests/vectors: `python generate.py [HELM_BINARY]`.

Needs PyPI's helm-python-sdk (Helm 4.2 as a library). With a helm binary (4.x) it also asks `helm template` for what the library's install has no
option for. Only answers are written; a chart or values that Helm refuses is an answer too.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import helm_python

import cases as asked

TESTS = pathlib.Path(__file__).resolve().parent.parent
# What the library puts before Helm's own message.
PREFIX = "chart dependencies are missing; run dependency update/build first: "
config = helm_python.Config(storage_driver="memory", kube_apiserver="http://127.0.0.1:1")


def install(chart, case):
    """`helm install --dry-run=client`, whose manifest is what a release has."""
    options = case.get("options", {})
    try:
        loaded = helm_python.Chart.load(str(chart))
        release = config.install(loaded, options.get("name", "release"), case["values"],
                                 namespace=options.get("namespace", "default"), dry_run="client")
        case["manifest"] = release.get("manifest", "")
    except helm_python.HelmError as error:
        case["error"] = (getattr(error, "detail", None) or str(error)).removeprefix(PREFIX)
    if "specifications of the schema" in case.get("error", ""):
        case["any_order"] = True
    return case


def template(helm, chart, case):
    """`helm template`, which prints the manifest trimmed."""
    options = case["options"]
    command = [helm, "template", options.get("name", "release"), str(chart), "--no-hooks",
               "--namespace", options.get("namespace", "default")]
    command += ["--include-crds"] if options.get("include_crds") else []
    command += ["--is-upgrade"] if options.get("is_upgrade") else []
    command += ["--kube-version", options.setdefault("kube_version", "v1.36.0")]
    for version in options.get("api_versions", []):
        command += ["--api-versions", version]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as values:
        json.dump(case["values"], values)
        values.flush()
        answer = subprocess.run([*command, "--values", values.name], capture_output=True, text=True)
    # Helm 4.1 leaves out the empty line at a document's end, which 4.2 keeps.
    case["without_empty_lines"] = True
    if answer.returncode == 0:
        case["manifest"] = answer.stdout
    else:
        message = re.sub(r"^Error: ", "", answer.stderr.strip())
        case["error"] = re.sub(r"\n+Use --debug flag.*$", "", message, flags=re.S)
    return case


def again(name):
    """The cases of a file that hold their chart themselves (`files`), asked once more. To add a case, add a line without an answer."""
    for line in (TESTS / "vectors" / f"{name}.jsonl").read_text().splitlines():
        case = {key: value for key, value in json.loads(line).items() if key not in ("manifest", "error", "any_order")}
        case.setdefault("values", {})
        with tempfile.TemporaryDirectory() as folder:
            for path, text in case["files"].items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            yield install(folder, case)


def write(name, answers):
    lines = [json.dumps(answer, ensure_ascii=False, sort_keys=True) for answer in answers]
    (TESTS / "vectors" / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    print(name, len(lines))


def main():
    charts = TESTS / "charts"
    for chart in asked.CHARTS:
        write(chart, [install(charts / chart, {"chart": chart, "name": name, "values": values})
                      for name, values in asked.cases(chart)])
    for name in ("functions", "schemas", "merging"):
        write(name, list(again(name)))
    if len(sys.argv) > 1:
        write("options", [
            template(sys.argv[1], charts / chart, {"chart": chart, "name": f"{chart} {name}", "values": {}, "options": dict(options)})
            for chart in ("crd-operator", "kube-version", "web-service", "v1-requirements", "ingress-hosts")
            for name, options in asked.OPTIONS.items()])


main()
