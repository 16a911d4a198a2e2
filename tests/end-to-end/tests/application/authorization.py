#!/usr/bin/env python3
"""Writes authorization.tsv: who may call each route, and with which status it answers.

The rules are written down here once more, apart from the program, so that a mistake there is not a mistake here. Columns: nobody
without a token; then each role without limits, with limits that cover the request (in), and with limits that do not (out).
"""

ROLES = ["admin", "releaser", "shipper", "viewer", "flux"]
MAY = {
    "read": {"admin", "releaser", "shipper", "viewer"},
    "ship": {"admin", "releaser", "shipper"},
    "metrics": {"admin", "releaser", "viewer"},
    "release": {"admin", "releaser"},
    "tick": {"admin", "releaser"},
    "feedback": {"admin", "flux"},
    "admin": {"admin"},
}
OPEN, SIGNED, SCOPED, PLAIN, ALL = "open", "signed", "scoped", "plain", "all"

# Route, path, body, action, reach, status where it is allowed. Reach: `open` needs nobody, `signed` heeds its
# signature alone, `scoped` is held to the limits,
# `plain` has nothing that one could be limited to, `all` touches everything, which nobody with limits may.
ROUTES = [
    ("Root", "/", "", None, OPEN, 200),
    ("Healthz", "/healthz", "", None, OPEN, 200),
    ("Metrics", "/metrics", "", "metrics", ALL, 200),
    ("ShipArtifact", "/api/artifact", "{ship}", "ship", SCOPED, 201),
    ("Artifacts", "/api/artifacts?repository={repository}", "", "read", SCOPED, 200),
    ("Artifacts", "/api/artifacts", "", "read", ALL, 200),
    ("Artifact", "/api/artifacts/{artifact}", "", "read", SCOPED, 200),
    ("Status", "/api/status?env={env}&app={app}", "", "read", SCOPED, 200),
    ("Status", "/api/status?env={env}", "", "read", ALL, 200),
    ("Event", "/api/event?id={request}", "", "read", SCOPED, 200),
    ("TrackRelease", "/api/eventReleaseTrack?id={request}", "", "read", SCOPED, 200),
    ("TrackArtifact", "/api/eventArtifactTrack?artifactId={artifact}", "", "read", SCOPED, 200),
    ("GitopsCommits", "/api/gitopsCommits", "", "read", ALL, 200),
    ("GitopsCommits", "/api/gitopsCommits?env={env}", "", "read", ALL, 200),
    ("Sink", "/sink/register", "", None, OPEN, 410),
    ("OpenApi", "/api/openapi.json", "", None, OPEN, 200),
    ("GitopsRepository", "/api/gitopsRepo?env={env}", "", "read", SCOPED, 200),
    ("GitopsRepository", "/api/gitopsRepo", "", "read", ALL, 200),
    ("Explain", "/api/policies/explain?artifact={artifact}", "", "read", SCOPED, 200),
    ("Evaluate", "/internal/evaluate", "{}", "tick", PLAIN, 200),
    ("Releases", "/api/releases?env={env}&app={app}&git-repo={repository}", "", "read", SCOPED, 200),
    ("Releases", "/api/releases?env={env}&app={app}", "", "read", ALL, 200),
    ("AskForRelease", "/api/releases", '{"env":"{env}","app":"{app}","artifactId":"{artifact}"}', "release", SCOPED, 201),
    ("AskForRelease", "/api/releases", '{"env":"{env}","artifactId":"{artifact}"}', "release", ALL, 201),
    ("Rollback", "/api/rollback?env={env}&app={app}&sha={commit}", "", "release", SCOPED, 201),
    ("Delete", "/api/delete?env={env}&app={app}", "", "release", SCOPED, 201),
    ("Holds", "/api/holds?env={env}&app={app}", "", "read", SCOPED, 200),
    ("PlaceHold", "/api/holds", '{"env":"{env}","app":"{app}","reason":"test"}', "release", SCOPED, 201),
    ("PlaceHold", "/api/holds", '{"env":"{env}","reason":"test"}', "release", ALL, 201),
    ("LiftHold", "/api/holds/{hold}", "", "release", SCOPED, 204),
    ("FluxEvent", "/api/flux-events?env={env}", '{"metadata":{"commit_status":"update"}}', "feedback", SCOPED, 200),
    ("ArgocdEvent", "/api/argocd-events?env={env}", '{"revision":"{commit}","phase":"Running"}', "feedback", SCOPED, 200),
    ("GithubWebhook", "/api/hooks/github", "{}", None, SIGNED, 401),
    ("GitlabWebhook", "/api/hooks/gitlab", "{}", None, SIGNED, 401),
    ("GiteaWebhook", "/api/hooks/gitea", "{}", None, SIGNED, 401),
    ("Flush", "/internal/flush", "{}", "tick", PLAIN, 200),
    ("Notify", "/internal/notify", "{}", "tick", PLAIN, 200),
    ("Notifications", "/api/notifications", "", "admin", ALL, 200),
    ("RetryNotification", "/api/notifications/none/retry", "{}", "admin", ALL, 404),
    ("Users", "/api/users", "", "admin", ALL, 200),
    ("CreateUser", "/api/user", '{"login":"new-{number}"}', "admin", ALL, 201),
    ("SaveUser", "/api/saveUser", '{"login":"new-{number}"}', "admin", ALL, 201),
    ("User", "/api/user/somebody", "", "admin", ALL, 200),
    ("User", "/api/user/somebody?withToken=true", "", "admin", ALL, 200),
    ("DeleteUser", "/api/user/nobody", "", "admin", ALL, 204),
    ("DeleteUserByBody", "/api/deleteUser", '"nobody"', "admin", ALL, 204),
    ("Tokens", "/api/user/somebody/tokens", "", "admin", ALL, 200),
    ("CreateToken", "/api/user/somebody/tokens", "{}", "admin", ALL, 201),
    ("RevokeToken", "/api/user/somebody/tokens/none", "", "admin", ALL, 204),
    ("RotateToken", "/api/user/somebody/tokens/none/rotate", "{}", "admin", ALL, 404),
    ("AuditLog", "/api/audit", "", "admin", ALL, 200),
    ("VerifyAuditLog", "/api/audit/verify", "", "admin", ALL, 200),
]


def status(role, column, action, reach, good):
    if reach in (OPEN, SIGNED):
        return good
    if role is None:
        return 401
    if role not in MAY[action]:
        return 403
    refused = {"free": [], "in": [ALL], "out": [ALL, SCOPED]}[column]
    return 403 if reach in refused else good


columns = [("nobody", None, None)]
columns += [(f"{role}.{column}", role, column) for role in ROLES for column in ("free", "in", "out")]
with open(__file__.replace(".py", ".tsv"), "w", encoding="utf-8") as out:
    print("route", "path", "body", *(name for name, _, _ in columns), sep="\t", file=out)
    for route, path, body, action, reach, good in ROUTES:
        statuses = [status(role, column, action, reach, good) for _, role, column in columns]
        print(route, path, body, *statuses, sep="\t", file=out)
