"""What is asked of real Helm: for each chart of tests/charts, values by name. Pairs of `pairs` are asked together too."""

import itertools


def merged(*parts):
    out = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, dict) and isinstance(out.get(key), dict)
            out[key] = merged(out[key], value) if both else value
    return out


WEB = {
    "plain": {},
    "image": {"image": {"repository": "ghcr.io/acme/shop", "tag": "v1.2.3", "pullPolicy": "Always"}},
    "number-tag": {"image": {"tag": 1234567}},
    "replicas": {"replicas": 3},
    "many-replicas": {"replicas": 1000000},
    "vars": {"vars": {"LOG": "debug", "PORT": 8080, "RATE": 0.25, "BIG": 10000000, "ON": True, "NAME": "{{ .Release.Name }}-{{ .Chart.Version }}", "EMPTY": ""}},
    "quotes": {"vars": {"JSON": '{"a": "b"}', "LINES": "one\ntwo\n", "UNI": "héllo ☃", "BACK": "C:\\x", "COLON": "a: b", "YES": "yes"}},
    "secret": {"secretName": "{{ .Release.Name }}-secret", "existingSecrets": [{"name": "a"}, {"name": "b"}]},
    "sealed": {"sealedSecrets": {"password": "AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq", "token": "AgAR"}},
    "file-secrets": {"fileSecrets": [{"name": "keys", "path": "/keys", "secrets": {"id_rsa": "line\nline\n", "pub": ""}}]},
    "volumes": {"volumes": [{"name": "data", "path": "/data", "size": "10Gi", "storageClass": "fast"}, {"name": "logs", "path": "/logs", "size": "1Gi", "storageClass": "-", "accessMode": "ReadWriteMany"}]},
    "other-volumes": {"volumes": [{"name": "host", "path": "/h", "hostPath": {"path": "/srv", "type": "Directory"}}, {"name": "claim", "path": "/c", "existingClaim": "old", "subPath": "x"}, {"name": "tmp", "path": "/t", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}]},
    "volume-without-size": {"volumes": [{"name": "data", "path": "/data"}]},
    "config-files": {"configFiles": [{"filename": "App Config.JSON", "path": "/etc/app", "content": '{\n  "a": 1\n}'}, {"filename": "b.conf", "path": "/etc/b", "content": "x = 1\n\ny = 2\n"}]},
    "probes": {"probe": {"enabled": True, "path": "/healthz", "settings": {"periodSeconds": 1000000}}, "livenessProbe": {"enabled": True}},
    "ingress": {"ingress": {"host": "shop.example.com", "tlsEnabled": True, "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"}, "ingressClassName": "nginx"}},
    "ingresses": {"ingresses": [{"host": "a.example.com"}, {"host": "*.example.com", "path": "/x"}]},
    "resources": {"resources": {"requests": {"cpu": 1, "memory": "1Gi"}, "limits": None}},
    "no-limits": {"resources": {"limits": {"cpu": None, "memory": None}}},
    "command": {"command": "echo start\nexec app --flag=\"x y\"", "args": ["--a", "b c", "--n=1"]},
    "security": {"podSecurityContext": {"runAsUser": 1000, "fsGroup": 2000}, "securityContext": {"capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}},
    "placement": {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule"}], "affinity": {"nodeAffinity": {"x": [1, 2]}}},
    "spread": {"spreadAcrossNodes": True, "strategy": "Recreate"},
    "sidecar": {"sidecar": {"repository": "busybox", "tag": "1", "command": "sleep 1"}, "initContainers": [{"name": "init", "image": "alpine", "command": "echo 'hi'"}]},
    "init-without-name": {"initContainers": [{"image": "alpine"}]},
    "cron": {"cronJobs": [{"name": "nightly", "schedule": "0 2 * * *", "command": "run 'it'"}, {"name": "hourly", "schedule": "@hourly", "command": "x", "suspend": True, "image": {"repository": "cron", "tag": 2}, "resources": {"limits": {"cpu": "1"}}}]},
    "cron-without-schedule": {"cronJobs": [{"name": "nightly", "command": "x"}]},
    "hpa": {"autoscaling": {"enabled": True, "maxReplicas": 1500000}},
    "monitor": {"monitor": {"enabled": True}},
    "names": {"fullnameOverride": "override", "podAnnotations": {"a/b": "c", "n": 1}, "podLabels": {"x": "y"}},
    "name-override": {"nameOverride": "a-name-so-long-that-it-must-be-cut-somewhere-before-it-ends-or-else"},
    "service": {"service": {"type": "LoadBalancer", "port": 443, "annotations": {"x": "y"}}, "containerPort": 8443},
    "git": {"gitSha": "0123456789", "gitRepository": "acme/shop"},
    "null-image": {"image": None},
    "vars-of-wrong-type": {"vars": ["a"]},
    "replicas-of-wrong-type": {"replicas": "three"},
    "pull-secrets": {"imagePullSecrets": ["regcred"], "serviceAccount": "robot"},
    "bad-template-in-var": {"vars": {"X": "{{ .Nope.deeper }}"}},
    "unclosed-template-in-var": {"vars": {"X": "{{ if }}"}},
}

DB = {
    "plain": {},
    "one": {"replicaCount": 1, "persistence": {"enabled": False}},
    "image": {"image": {"tag": 16}},
    "digest": {"image": {"digest": "sha256:abc", "registry": "r.example.com"}},
    "storage": {"persistence": {"storageClass": "fast", "size": "100Gi", "annotations": {"a": "b"}}},
    "no-class": {"persistence": {"storageClass": "-", "accessModes": ["ReadWriteOnce", "ReadOnlyMany"]}},
    "config": {"config": {"max_connections": 2000000, "work_mem": None, "new": "it's", "ratio": 1e-7, "flag": False}},
    "scripts": {"initScripts": {"01.sql": "CREATE TABLE \"t\" (id int);\n-- done\n", "02.sql": "SELECT 'x'"}},
    "backup": {"backup": {"enabled": True, "schedule": "0 0 * * 0", "retention": 30.7}},
    "large": {"resourcesPreset": "large"},
    "network": {"networkPolicy": {"allow": ["web", "jobs"]}},
    "no-network": {"networkPolicy": {"enabled": False}},
    "bad-preset": {"resourcesPreset": "huge"},
    "bad-all": {"resourcesPreset": "huge", "replicaCount": 0},
    "password": {"auth": {"existingSecret": "mine", "username": 42}},
}

PLATFORM = {
    "plain": {},
    "no-stateful": {"tags": {"stateful": False}},
    "optional": {"tags": {"stateful": False, "optional": True}},
    "observed": {"tags": {"observability": True}},
    "observed-own": {"tags": {"observability": True}, "monitoring": {"level": 5, "endpoints": {"own": None}}},
    "sessions-off": {"sessions": {"enabled": False}},
    "queue-off": {"queue": {"enabled": False}},
    "queue-global": {"global": {"queueEnabled": False}},
    "queue-both": {"global": {"queueEnabled": False}, "queue": {"enabled": True}},
    "queue-text": {"queue": {"enabled": "false"}},
    "domain": {"global": {"domain": "acme.test", "tls": {"secret": {"prefix": "x", "more": {"deep": 1}}}}},
    "null-label": {"global": {"labels": {"team": None, "tier": "gold"}}},
    "null-global": {"global": {"tls": None}},
    "gateway": {"gateway": {"replicas": 5, "routes": [{"path": "/a", "to": "x", "weights": [1, 2]}, {"path": "/b"}], "limits": {"cpu": None, "gpu": 1}, "annotations": {"b": None, "c": True}}},
    "gateway-text": {"gateway": "text"},
    "size": {"sessions": {"size": 12345678}, "queue": {"size": None, "maxmemory": 5}},
    "metrics": {"tags": {"observability": True}, "metrics": {"endpoints": {"http": None, "grpc": {"port": 1}}, "exports": {"defaults": {"interval": "5s"}}}},
    "global-text": {"global": "text"},
    "sub-global": {"gateway": {"global": {"domain": "own", "tls": {"secret": {"suffix": "mine"}}}}},
}

NUMBERS = {
    "plain": {},
    "strings": {"int": "1000000", "hex": "0xFF"},
    "large": {"int": 9007199254740993, "big": 1e300, "float": 1e-300, "exp": -0.0, "octal": 1e21, "octal2": 123456789.125, "under": 999999},
    "list": {"list": [[], {}, [[1]], {"a": [{"b": []}]}, "", " ", "#", "- a", "a: b", "@x", "%", "!x", "&a", "*a", "1e3", "0x1", "~", "null", "true", "2001-01-01", "1:30", "=", "<<", ".inf", "é", "\u2028", "a\tb", "trail ", "multi\nline", "multi\nline\n", "\n lead"]},
    "special": {"special": "\u0007 bell", "multi": "a\n\n\nb\n\n", "folded": "x" * 200, "quoted": "word " * 40},
    "keys": {"keys": {"y": 1, "n": 2, "10": 3, "9": 4, "a10": 5, "a9": 6, "A": 7, "_": 8, "": 9, "a b": 10}},
    "nulls": {"null1": "set", "empty": [], "date": None},
}

BROKEN = ["none", "fail", "required", "nil", "include-nil", "template-nil", "unknown-template", "wrong-type", "index", "field", "range", "tpl",
          "tpl-parse", "tpl-fail", "must", "divide", "semver", "merge", "dict", "call", "compare", "lt", "bad-yaml", "bad-kind",
          "bad-annotations", "bad-annotation", "bad-metadata", "not-a-map", "scalar", "tab", "number-kind"]

SCHEMA = {
    "plain": {},
    "tag": {"image": {"tag": "v1"}},
    "bad-tag": {"image": {"tag": "V1!"}},
    "number-tag": {"image": {"tag": 1}},
    "no-image": {"image": None},
    "no-repository": {"image": {"repository": None}},
    "empty-repository": {"image": {"repository": ""}},
    "bad-policy": {"image": {"pullPolicy": "Sometimes"}},
    "replicas": {"replicas": 10},
    "too-many": {"replicas": 11},
    "negative": {"replicas": -1},
    "half": {"replicas": 1.5},
    "text": {"replicas": "2"},
    "null-replicas": {"replicas": None},
    "no-ports": {"ports": []},
    "bad-port": {"ports": [{"name": "x", "port": 0}]},
    "port-without-name": {"ports": [{"port": 1}]},
    "ports-of-wrong-type": {"ports": {"http": 80}},
    "env": {"env": {"a": "b", "c": 1, "d": True}},
    "bad-env": {"env": {"a": ["b"]}},
    "mode": {"mode": {"name": "x"}},
    "bad-mode": {"mode": "complex"},
    "mode-without-name": {"mode": {"x": 1}},
    "additional": {"surprise": 1},
    "global": {"global": {"x": 1}},
    "several": {"replicas": "x", "image": 1},
    "large": {"replicas": 1000000},
}

CHARTS = {
    "web-service": {"cases": WEB, "pairs": ["vars", "volumes", "ingress", "cron", "sealed", "replicas", "probes", "config-files"]},
    "stateful-database": {"cases": DB, "pairs": ["storage", "config", "backup", "network", "image"]},
    "platform": {"cases": PLATFORM, "pairs": ["observed", "domain", "gateway", "queue-off"]},
    "library-consumer": {"cases": {"plain": {}, "labels": {"labels": {"own": "maybe", "x": 1}}, "spec": {"extraSpec": {"type": "NodePort", "externalIPs": ["1.2.3.4"]}}, "ports": {"service": {"ports": []}}, "bad": {"service": None}}},
    "crd-operator": {"cases": {"plain": {}, "role": {"rbac": {"clusterWide": False, "extraRules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]}}, "off": {"rbac": {"create": False}, "webhook": {"enabled": False}, "leaderElection": False},
                               "bundle": {"webhook": {"caBundle": "PEM\n"}}, "watch": {"watchNamespaces": ["a", "b"], "flags": {"v": 1000000, "x": None, "y": False}}, "priority": {"priorityClass": {"name": "high", "value": 1000000}}}},
    "ingress-hosts": {"cases": {"plain": {}, "wildcard": {"tls": {"wildcard": True}}, "no-tls": {"tls": {"enabled": False}}, "one": {"domains": ["a.b"], "hosts": [{"name": "x", "service": "y"}]}, "none": {"hosts": []}, "twenty": {"domains": ["d%d.test" % i for i in range(20)]},
                                "port": {"defaults": {"port": "http", "path": "/x"}}, "bad": {"hosts": [{"name": "x"}]}, "redirects": {"redirects": {"/old(1)": "https://new.example.com/x", "/": "http://h"}}}, "pairs": ["wildcard", "port", "redirects"]},
    "jobs-and-hooks": {"cases": {"plain": {}, "no-migrate": {"migrate": {"enabled": False}}, "seed": {"seed": {"enabled": True}}, "seed-unknown": {"seed": {"enabled": True, "hook": "pre-dinner"}}, "seed-list": {"seed": {"enabled": True, "hook": "Post-Install , post-upgrade"}},
                                 "jobs": {"jobs": [{"name": "a"}, {"name": "b", "parallelism": 1000000}]}, "no-jobs": {"jobs": []}, "extra": {"extra": "---\nkind: Extra\n---\n---\n\nkind: More\n"}, "extra-inline": {"extra": "---kind: Inline\na: 1\n---  kind: Spaces"}, "extra-crlf": {"extra": "---\r\nkind: Dos\r\n---\r\nkind: Two\r\n"},
                                 "extra-string": {"extra": "---\nkind: Text\nx: |\n  a\n  ---\n  b\n"}, "extra-weight": {"extra": "---\nkind: W\nmetadata: {annotations: {helm.sh/hook-weight: 5}}"}}},
    "config-files": {"cases": {"plain": {}, "deep": {"glob": "files/**"}, "class": {"glob": "files/[ab]-?.txt"}, "alternatives": {"glob": "files/{app,nested/deep}.*"}, "none": {"glob": "nothing/*"}, "bad-glob": {"glob": "files/[ab"}, "negated": {"glob": "files/[!a]-*.txt"}, "other-file": {"file": "files/nested/script.sh"}, "no-file": {"file": "gone"}, "greet": {"greet": ["a b", "ß", ""]},
                               "star-crosses": {"glob": "files*"}, "question": {"glob": "files/?-1.txt"}, "any-in-word": {"glob": "files/nes**.json"}}},
    "schema-validated": {"cases": SCHEMA},
    "v1-requirements": {"cases": {"plain": {}, "off": {"child": {"enabled": False}}, "name": {"child": {"name": "mine"}}, "import": {"child": {"exports": {"data": {"imported": "user"}}}}, "own": {"imported": "top"}}},
    "tpl-heavy": {"cases": {"plain": {}, "domain": {"domain": "acme.test", "path": "x/{{ .Values.domain }}"}, "owner": {"owner": "me"}, "snippet": {"snippet": "{{- range $k, $v := .Values.labels }}{{ $k }};{{ end }}"}, "blank-snippet": {"snippet": "  \n"}, "comment-snippet": {"snippet": "{{/* nothing */}}"},
                            "missing": {"host": "[{{ .Values.nothing }}]"}, "bad": {"host": "{{ .Values.a.b.c }}"}, "unparsable": {"snippet": "{{ end }}"}, "unknown-function": {"snippet": "{{ nope }}"}, "objects": {"extraObjects": ["kind: Only"]}, "none": {"extraObjects": []}, "number": {"host": 5}, "required": {"snippet": "{{ required \"give it\" .Values.gone }}"},
                            "nested": {"snippet": "{{ tpl \"{{ tpl \\\"{{ .Release.Name }}\\\" . }}\" . }}"}}},
    "many-kinds": {"cases": {"plain": {}, "few": {"kinds": ["B", "A", "B", "Pod"]}, "odd": {"kinds": ["", "pod", "Zzz", "deployment", 5, True, "a"]}}},
    "numbers-and-yaml": {"cases": NUMBERS},
    "naming": {"cases": {"plain": {}, "names": {"names": ["ABC", "über straße", "a.b.c", "--x--", "123", "x_y-z W"]}, "dashes": {"names": ["--x--", "123", "x_y-z W", "ALL CAPS here"]}, "numbers": {"names": [1]}}},
    "optional-everything": {"cases": {"plain": {}, "empty": {"list": [], "flags": {}}, "no-a": {"a": None}, "no-b": {"a": {"b": None}}, "z": {"a": {"b": {}}, "z": "zed"}, "p": {"p": {"q": {"r": 1}}}, "bad-dig": {"a": {"b": 1}}, "zero": {"missing": 0, "nothing": False}}},
    "mutating": {"cases": {"plain": {}, "more": {"base": {"nested": {"z": 3}}, "sub": {"x": 1}}}},
    "kube-version": {"cases": {"plain": {}}},
    "archives": {"cases": {"plain": {}, "off": {"packed": {"on": False}}, "greeting": {"packed": {"greeting": 5}}}},
    "deep-tree": {"cases": {"plain": {}, "deep": {"one": {"two": {"three": {"leaf": "user", "new": 1}}}}, "null": {"one": {"two": {"three": {"leaf": None, "z": {"b": None}}, "x": None}}}, "global": {"global": {"g": None, "u": 1}}, "wrong": {"one": {"two": "text"}}}},
    "nulls": {"cases": {"plain": {}, "top": {"top": None, "map": {"drop": None}, "new": None}, "sub": {"sub": {"map": {"p": None, "q": None, "new": None}, "extra": None, "other": 1}}, "global": {"global": {"a": None, "nested": {"c": None, "e": None}}}, "all": {"map": None, "sub": {"map": None}, "list": None}, "wrong": {"sub": None}, "wrong-map": {"map": 5, "sub": {"map": [1]}}}},
    "secrets-and-digests": {"cases": {"plain": {}, "existing": {"existing": True}, "users": {"users": {"é": "ü", "x": 5}}, "token": {"token": "t"}}},
    "broken": {"cases": {name: {"case": name} for name in BROKEN}},
    "node-agent": {"cases": {"plain": {}, "inputs": {"inputs": [], "output": {"logstash": {"hosts": ["a", "b"], "ssl": {"on": True, "level": 1.5}}, "elasticsearch": None}}, "paths": {"hostPaths": {"logs": None, "sys": "/sys"}, "tolerateAll": False}, "strategy": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}, "long": {"inputs": [{"text": "word " * 60, "key": "x\ny\n"}]}}},
    "tenancy": {"cases": {"plain": {}, "green": {"tenants": {"green": {"admins": ["x"]}, "red": None}}, "quota": {"defaultQuota": {"pods": 1000000, "cpu": None}}, "open": {"denyAll": False}, "none": {"tenants": None}, "bad": {"tenants": {"red": {"quota": "text"}}}}},
    "text-functions": {"cases": {"plain": {}, "text": {"text": "ünïcode — text with ß and 日本"}, "empty": {"text": "", "csv": "", "words": []}, "date": {"release": "1999-12-31T23:59:59+02:00"}, "bad-date": {"release": "nonsense"}, "url": {"url": "relative/path"}, "bad-url": {"url": "http://[::1"}, "words": {"words": ["b", "a", "b", 1]}}},
    "aliases": {"cases": {"plain": {}, "both": {"right": {"enabled": True}}, "none": {"left": {"enabled": False}, "unit": {"side": "only"}}, "piece": {"left": {"piece": {"weight": 1000000}}, "unit": {"piece": {"weight": None}}}}},
}

# Asked of the command `helm template`, for what the library's install does not take.
OPTIONS = {
    "crds": {"include_crds": True},
    "upgrade": {"is_upgrade": True},
    "old": {"kube_version": "v1.20.15"},
    "suffix": {"kube_version": "1.29.3-gke.100"},
    "apis": {"api_versions": ["example.com/v1", "example.com/v1/Widget", "monitoring.coreos.com/v1"]},
    "all": {"include_crds": True, "is_upgrade": True, "kube_version": "1.33", "api_versions": ["example.com/v1/Widget"], "name": "other", "namespace": "elsewhere"},
}


def cases(chart):
    """Values by name, with the pairs."""
    asked = CHARTS[chart]
    yield from asked["cases"].items()
    for one, two in itertools.combinations(asked.get("pairs", []), 2):
        yield f"{one} and {two}", merged(asked["cases"][one], asked["cases"][two])
