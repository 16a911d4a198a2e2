"""Writes vectors/*.jsonl: every case of cases/, answered by the Go program and by Helm. See ../README.md."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from cases import builtins, engine, found, sprig  # noqa: E402

HERE = Path(__file__).parent
OUT = HERE.parent
SETS = {"engine": engine.DATA, "builtins": builtins.DATA, "values": {"Values": sprig.VALUES}}
PEERS = {"go": [os.environ.get("GOCASES", "/tmp/gocases")], "helm": [os.environ.get("HELM_PYTHON", "python3"), str(HERE / "helm.py")]}


def answer(peer, cases):
    """The cases with what the peer made of them."""
    lines = []
    for case in cases:
        sent = {key: value for key, value in case.items() if key not in ("set", "peer")}
        if "set" in case:
            sent["data"] = SETS[case["set"]]
        lines.append(json.dumps(sent))
    run = subprocess.run(PEERS[peer], input="\n".join(lines).encode(), stdout=subprocess.PIPE, check=True, env={**os.environ, "TZ": "UTC"})
    for case, line in zip(cases, run.stdout.decode().splitlines(), strict=True):
        answered = json.loads(line)
        yield {"id": case["id"], **case, **{key: answered[key] for key in ("output", "output_base64", "error") if key in answered}}


def main():
    topics, seen = defaultdict(list), set()
    for module in (engine, builtins, sprig, found):
        for topic, case in module.cases():
            key = (topic, json.dumps(case))
            if key not in seen:
                seen.add(key)
                case["id"] = f"{topic}/{len(topics[topic]):04}"
                topics[topic].append(case)
    (OUT / "data.json").write_text(json.dumps(SETS, ensure_ascii=False, indent=1) + "\n")
    only = set(sys.argv[1:])
    for topic, cases in topics.items():
        if only and topic not in only:
            continue
        answers = answer(cases[0].get("peer", "go"), cases)
        with open(OUT / f"{topic}.jsonl", "w") as file:
            for case in answers:
                file.write(json.dumps(case, ensure_ascii=False) + "\n")
        print(topic, len(cases))


main()
