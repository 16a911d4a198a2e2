"""Times Helm's library (PyPI's helm-python-sdk) on a chart folder and a values file: seconds to load and render, and to render alone.

Calls the library's C functions without the SDK's JSON decoding of the answer, so that only Helm is timed, and its JSON.
"""

import json
import sys
import time

import helm_python
from helm_python import _native

chart, values = sys.argv[1], helm_python.values_from_yaml(open(sys.argv[2]).read())
text = json.dumps(values)


def best(work):
    times = []
    for _ in range(10):
        start = time.perf_counter()
        for _ in range(20):
            work()
        times.append((time.perf_counter() - start) / 20)
    return min(times)


def render(loaded):
    _native.call_string("helm_render", loaded._raw(), text, '{"name": "shop", "namespace": "production"}')


def both():
    with helm_python.Chart.load(chart) as fresh:
        render(fresh)


loaded = helm_python.Chart.load(chart)
print(best(both), best(lambda: render(loaded)))
