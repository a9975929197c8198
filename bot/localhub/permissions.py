"""Who may do what: collaborator levels of people and permissions of apps.

Promises pure comparisons. Never looks anything up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LEVELS = ("none", "read", "triage", "write", "maintain", "admin")
_STRENGTH = {"read": 1, "write": 2, "admin": 3}

# The least permission that lets an app receive an event; None: every app gets it.
EVENT_NEEDS: dict[str, str | None] = {
    "push": "contents",
    "create": "contents",
    "delete": "contents",
    "release": "contents",
    "pull_request": "pull_requests",
    "pull_request_review": "pull_requests",
    "pull_request_review_comment": "pull_requests",
    "pull_request_review_thread": "pull_requests",
    "issues": "issues",
    "issue_comment": "issues",
    "label": "metadata",
    "repository": "metadata",
    "check_run": "checks",
    "check_suite": "checks",
    "status": "statuses",
    "deployment": "deployments",
    "deployment_status": "deployments",
    "workflow_run": "actions",
    "member": "members",
    "installation": None,
    "installation_repositories": None,
    "installation_target": None,
    "ping": None,
}


def rank(level: str) -> int:
    """0 (none) to 5 (admin)."""
    return LEVELS.index(level)


def highest(levels: Iterable[str]) -> str:
    return max(levels, key=rank, default="none")


def legacy(level: str) -> str:
    """The four-step permission that the API reports beside `role_name`."""
    return {"triage": "read", "maintain": "write"}.get(level, level)


def permission_flags(level: str) -> dict[str, bool]:
    held = rank(level)
    return {
        "admin": held >= 5,
        "maintain": held >= 4,
        "push": held >= 3,
        "triage": held >= 2,
        "pull": held >= 1,
    }


def holds(granted: Mapping[str, str], need: str) -> bool:
    """Does {"issues": "write"} hold "issues:read"?"""
    name, _, level = need.partition(":")
    if name == "metadata" and level == "read":
        return True  # every installation has it
    return _STRENGTH.get(granted.get(name, ""), 0) >= _STRENGTH[level]


def within(asked: Mapping[str, str], granted: Mapping[str, str]) -> list[str]:
    """Names in `asked` that go beyond `granted`; empty when all of it is covered."""
    return [
        name
        for name, level in asked.items()
        if level not in _STRENGTH or not holds(granted, f"{name}:{level}")
    ]
