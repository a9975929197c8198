"""The actions that GitHub's workflows use, as requirements: `uses: owner/name@v1` (B11, B12).

Promises: shows each use of an action by a version once and puts back what the visitor returns,
every other byte stays. A use by a branch names no version and is passed over; one by a commit is
shown as pinned by hash. Never: asks which tags an action has.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_WORKFLOW = re.compile(r"(^|/)\.github/(workflows/[^/]+|actions/.+)\.ya?ml$|(^|/)action\.ya?ml$")
_USES = re.compile(
    r"^(?P<head>\s*(?:-\s+)?[\"']?uses[\"']?\s*:\s*[\"']?)(?P<name>[\w.-]+/[\w.-]+)"
    r"(?P<inside>(?:/[\w./-]+)?@)(?P<ref>[\w./-]+)"
)
_TAG = re.compile(r"(v?)(\d+(?:\.\d+){0,3})")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

# line, name, version without its `v`, by commit -> the new version, or None to leave it
Use = Callable[[int, str, str, bool], str | None]


def is_workflow(path: str) -> bool:
    """Whether the file says what GitHub Actions runs."""
    return bool(_WORKFLOW.search(path))


def uses(content: str, visit: Use) -> str:
    """The text of a workflow after each use of an action was shown to `visit`."""
    out = []
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        found = _USES.match(line)
        if not found:
            out.append(line)
            continue
        ref, name = found["ref"], found["name"].lower()
        if _COMMIT.fullmatch(ref):
            visit(number, name, "", True)
        elif tag := _TAG.fullmatch(ref):
            new = visit(number, name, tag[2], False)
            if new:
                line = line[: found.start("ref")] + tag[1] + new + line[found.end("ref") :]
        out.append(line)
    return "".join(out)
