"""Answers template cases with real Helm (PyPI's helm-python-sdk), whose Sprig is 3.3: JSON lines in, JSON lines out.

Helm words Go's errors anew and prints nothing for a missing value. The wording is turned back; a case whose answer
cannot be turned back says so and fails the run, and belongs to the Go program instead.
"""

import io
import json
import re
import sys
import tarfile

import helm_python

PATH = "t/templates/case.yaml"
CHART = "apiVersion: v2\nname: t\nversion: 0.1.0\n"


def archive(template):
    """A chart of one template, packed as Helm packs one."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for name, text in (("t/Chart.yaml", CHART), (PATH, template)):
            data = text.encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def as_go(text):
    """Go's own error text for Helm's."""
    text = text.replace(PATH, "case")
    if parse := re.fullmatch(r"parse error at \(case:(\d+)\): (.*)", text, re.S):
        return f"template: case:{parse[1]}: {parse[2]}"
    if text.startswith("template: case:"):
        return text
    frame = re.fullmatch(r'(case:\d+:\d+)\n  executing ("(?:[^"\\]|\\.)*") at (<.*>):\n    (error calling \S+:)?(?:\n    )?(.*)', text, re.S)
    if frame and "\n  executing" not in frame[5]:
        where, name, context, calling, message = frame.groups()
        return f"template: {where}: executing {name} at {context}: {calling + ' ' if calling else ''}{message}"
    raise ValueError("cannot turn back " + text)


def main():
    for line in sys.stdin:
        case = json.loads(line)
        values = case.get("data", {}).get("Values", {})
        try:
            with helm_python.Chart.load_archive(archive(case["template"])) as chart:
                case["output"] = chart.render(values, name="r", namespace="n").get(PATH, "")
        except helm_python.HelmRenderError as error:
            case["error"] = as_go(error.detail)
        print(json.dumps(case, ensure_ascii=False))


main()
