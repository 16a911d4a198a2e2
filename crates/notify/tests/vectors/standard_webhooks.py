#!/usr/bin/env python3
"""Writes standard_webhooks.json: signatures of the specification's own library (pip install standardwebhooks)."""
import base64, datetime, json, pathlib
from standardwebhooks.webhooks import Webhook

CASES = [
    ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}'),
    ("whsec_" + base64.b64encode(bytes(range(64))).decode(), "msg_1", 1790000000, '{"type":"release.succeeded"}'),
    ("whsec_" + base64.b64encode(bytes(24)).decode(), "msg_2", 1, ""),
    ("whsec_" + base64.b64encode(b"k" * 32).decode(), "msg_ä", 1790000000, '{"a":"ü. .\\n"}'),
]
rows = []
for key, id, seconds, body in CASES:
    at = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    rows.append({"key": key, "id": id, "timestamp": seconds, "body": body, "signature": Webhook(key).sign(id, at, body)})
text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
pathlib.Path(__file__).with_suffix(".json").write_text(text, encoding="utf-8")
