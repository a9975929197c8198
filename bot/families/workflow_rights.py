"""What the token of a workflow may do, its checkouts, triggers and pins (B11, B12).

Promises: a job gets what its actions are known to need; where one is not known, or a script may use
the token, the reason names it. A commit is pinned only where the repository itself says which one a
tag is. Never: asks a registry or another repository.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import yaml

from bot.families.workflow_tree import (
    Edit,
    Fixed,
    Tree,
    before,
    child,
    is_block,
    line,
    pair,
    scalar,
)

_READ = {"contents": "read"}
# What the best known actions write with the workflow's token; {}: nothing.
_NEEDS: Mapping[str, Mapping[str, str]] = {
    "github/codeql-action/init": {"security-events": "write"},
    "github/codeql-action/analyze": {"security-events": "write"},
    "github/codeql-action/autobuild": {},
    "github/codeql-action/upload-sarif": {"security-events": "write"},
    "actions/deploy-pages": {"pages": "write", "id-token": "write"},
    "actions/labeler": {"pull-requests": "write"},
    "actions/stale": {"issues": "write", "pull-requests": "write"},
    "softprops/action-gh-release": {"contents": "write"},
    "ncipollo/release-action": {"contents": "write"},
    "peter-evans/create-pull-request": {"contents": "write", "pull-requests": "write"},
    "stefanzweifel/git-auto-commit-action": {"contents": "write"},
    "peaceiris/actions-gh-pages": {"contents": "write"},
    "jamesives/github-pages-deploy-action": {"contents": "write"},
    "actions/attest-build-provenance": {"attestations": "write", "id-token": "write"},
    "actions/dependency-review-action": {},
}
_READERS = re.compile(
    r"actions/(?:checkout|cache(?:/\w+)?|setup-[\w-]+|upload-artifact|download-artifact"
    r"|upload-pages-artifact|configure-pages)"
    r"|(?:docker/setup-[\w-]+-action|docker/metadata-action|codecov/codecov-action|astral-sh/setup-uv"
    r"|astral-sh/ruff-action|pre-commit/action|psf/black|ruby/setup-ruby|pnpm/action-setup"
    r"|oven-sh/setup-bun|denoland/setup-deno|gradle/actions/setup-gradle|shivammathur/setup-php"
    r"|dtolnay/rust-toolchain|swatinem/rust-cache|golangci/golangci-lint-action"
    r"|hadolint/hadolint-action|aquasecurity/trivy-action|snok/install-poetry"
    r"|tj-actions/changed-files|dorny/paths-filter|coverallsapp/github-action)"
)
_TOKEN = re.compile(r"github\.token|GITHUB_TOKEN|GH_TOKEN|\bgh\s+\w|\bgit\s+push\b")
_GIT = re.compile(r"\bgit\s+(?:push|fetch|pull|submodule|lfs|ls-remote|clone)\b|semantic-release")
_PUSHING = re.compile(r"push|commit|pull-request|release|gh-pages|pages-deploy|changesets")
_SHA = re.compile(r"[0-9a-f]{40}")


def permissions(tree: Tree) -> Fixed:
    """The token's rights where a workflow names none, or all of them."""
    given = child(tree.root, "permissions")
    jobs = tree.jobs
    if not jobs or "" in jobs:
        return Fixed(tree.text, left=((1, "it has no jobs"),))
    own = {name for name, job in jobs.items() if child(job, "permissions") is not None}
    loud = {name for name in own if scalar(jobs[name], "permissions") == "write-all"}
    wide = scalar(tree.root, "permissions") in ("write-all", "read-all")
    missing = given is None and own != {*jobs}
    if not (wide or missing or loud):
        rights = [given, *(child(job, "permissions") for job in jobs.values())]
        return Fixed(tree.text, left=tuple(one for each in rights for one in _named_writes(each)))
    edits: list[Edit] = []
    left: list[tuple[int, str]] = []
    for name, job in jobs.items():
        if name in own - loud:
            continue
        needs, why = _needs(tree, job)
        if why or not is_block(job):
            left.append((line(job), why or "the job is written on one line"))
        elif name in loud:
            value = child(job, "permissions")
            assert value is not None
            edits.append(_written(value, needs, job.value[0][0].start_mark.column))
        elif needs != _READ:
            rows = [f"  {right}: {how}" for right, how in sorted(needs.items())]
            edits.append(before(job.value[0][0], ["permissions:", *rows]))
    if left:
        return Fixed(tree.text, left=tuple(left))
    if wide and given is not None:
        edits.append(_written(given, _READ, 0))
    elif missing:
        key, _ = pair(tree.root, "jobs")
        assert key is not None
        edits.append(before(key, ["permissions:", "  contents: read", ""]))
    return _done(tree, edits)


def _written(value: yaml.Node, needs: Mapping[str, str], column: int) -> Edit:
    rows = "".join(f"\n{' ' * column}  {right}: {how}" for right, how in sorted(needs.items()))
    return Edit(value.start_mark.index - 1, value.end_mark.index, rows)


def _named_writes(given: yaml.Node | None) -> tuple[tuple[int, str], ...]:
    rows = given.value if isinstance(given, yaml.MappingNode) else ()
    wide = [(line(key), f"which job needs {key.value}: write is for a person to say")
            for key, value in rows if value.value == "write"]  # fmt: skip
    return tuple(wide)


def _needs(tree: Tree, job: yaml.MappingNode) -> tuple[dict[str, str], str]:
    """What a job's token has to be allowed, or why that is not known."""
    if child(job, "uses") is not None:
        return {}, "it calls another workflow, whose needs are not known here"
    needs = dict(_READ)
    for step in tree.steps():
        if step.job is not job:
            continue
        if _TOKEN.search(tree.raw(step.node)):
            return {}, f"what the token is used for in line {line(step.node)} is not known"
        uses = step.uses
        if uses and uses not in _NEEDS and not uses.startswith("./"):
            if not _READERS.fullmatch(uses):
                return {}, f"what {uses} needs is not known"
        elif uses.startswith("./"):
            return {}, f"what {uses} needs is not known"
        needs |= _NEEDS.get(uses, {})
    return needs, ""


def checkouts(tree: Tree) -> Fixed:
    """Checkouts that leave no credentials behind, where nothing after them uses git's remote."""
    edits: list[Edit] = []
    left: list[tuple[int, str]] = []
    for step in tree.steps():
        given = child(step.node, "with")
        if step.uses != "actions/checkout" or scalar(given, "persist-credentials") == "false":
            continue
        others = [one for one in tree.steps() if one.job is step.job]
        if any(_GIT.search(one.run) or _PUSHING.search(one.uses) for one in others):
            left.append((line(step.node), "a later step may need the credentials"))
        elif child(given, "persist-credentials") is not None or step.node.flow_style:
            left.append((line(step.node), "somebody decided about the credentials"))
        elif is_block(given):
            assert isinstance(given, yaml.MappingNode)
            edits.append(before(given.value[0][0], ["persist-credentials: false"]))
        elif given is None:
            key, value = pair(step.node, "uses")
            assert key is not None
            assert value is not None
            column = " " * key.start_mark.column
            end = tree.text.find("\n", value.end_mark.index)
            end = len(tree.text) if end < 0 else end
            new = f"\n{column}with:\n{column}  persist-credentials: false"
            edits.append(Edit(end, end, new))
        else:
            left.append((line(step.node), "its settings are written on one line"))
    return Fixed(tree.text, left=tuple(left)) if left else _done(tree, edits)


def trigger(tree: Tree) -> Fixed:
    """`pull_request_target` becomes `pull_request` where nothing needs what only it gives."""
    found = [one for one in re.finditer(r"\bpull_request_target\b", tree.text)]
    on = child(tree.root, "on")
    places = [
        key
        for key in _names(on)
        if isinstance(key, yaml.ScalarNode) and key.value == "pull_request_target"
    ]
    if not found:
        other = re.search(r"\b(?:workflow_run|issue_comment|discussion_comment)\b", tree.text)
        at = tree.text.count("\n", 0, other.start()) + 1 if other else 0
        why = "what strangers bring about runs with the rights of the repository"
        return Fixed(tree.text, left=((at, why),) if other else ())
    at = line(places[0]) if places else tree.text.count("\n", 0, found[0].start()) + 1
    if len(found) != len(places):
        return Fixed(tree.text, left=((at, "the trigger is spoken of elsewhere in the workflow"),))
    if re.search(r"\bsecrets\b|: *write\b|write-all", tree.text) or _TOKEN.search(tree.text):
        why = (
            "code of strangers runs where secrets or a token that may write are: it has to become "
            "two workflows, pull_request for the code and workflow_run for what needs them"
        )
        return Fixed(tree.text, left=((at, why),))
    edits = [Edit(k.start_mark.index, k.end_mark.index, "pull_request") for k in places]
    if any(key.value == "pull_request" for key in _names(on)):
        return Fixed(tree.text, left=((at, "it is triggered by pull_request as well"),))
    return _done(tree, edits)


def _names(on: yaml.Node | None) -> list[yaml.Node]:
    if isinstance(on, yaml.MappingNode):
        return [key for key, _ in on.value]
    if isinstance(on, yaml.SequenceNode):
        return list(on.value)
    return [on] if on is not None else []


def pins(tree: Tree, known: Mapping[str, str]) -> Fixed:
    """Actions by commit. `known`: `owner/name@tag` to the commit that it is."""
    edits: list[Edit] = []
    left: list[tuple[int, str]] = []
    for step in tree.steps():
        value = child(step.node, "uses")
        name, _, ref = scalar(step.node, "uses").partition("@")
        if value is None or not ref or _SHA.fullmatch(ref) or name.startswith((".", "docker:")):
            continue
        commit = known.get(f"{'/'.join(name.split('/')[:2]).lower()}@{ref}")
        if commit is None:
            where = "/".join(name.split("/")[:2])
            ask = f"git ls-remote https://github.com/{where} {ref}"
            left.append((line(value), f"which commit {name}@{ref} is cannot be known here; {ask}"))
            continue
        end = value.end_mark.index
        rest = tree.text[end : tree.text.find("\n", end)] if "\n" in tree.text[end:] else ""
        told = "" if "#" in rest else f" # {ref}"
        quoted = getattr(value, "style", None) or ""
        edits.append(Edit(value.start_mark.index, end, f"{quoted}{name}@{commit}{quoted}{told}"))
    return Fixed(tree.text, left=tuple(left)) if left else _done(tree, edits)


_PINNED = re.compile(
    r"uses\s*:\s*[\"']?([\w.-]+/[\w.-]+)(?:/[\w./-]+)?@([0-9a-f]{40})[\"']?\s*#\s*(\S+)"
)


def known_pins(texts: list[str]) -> dict[str, str]:
    """The commits that workflows of the repository name beside their tags; two of one: neither."""
    found: dict[str, set[str]] = {}
    for text in texts:
        for name, commit, tag in _PINNED.findall(text):
            found.setdefault(f"{name.lower()}@{tag}", set()).add(commit)
    return {name: next(iter(commits)) for name, commits in found.items() if len(commits) == 1}


def _done(tree: Tree, edits: list[Edit]) -> Fixed:
    text = tree.edited(edits)
    return Fixed(text, len(edits) if text != tree.text else 0)
