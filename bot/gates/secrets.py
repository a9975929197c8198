"""Gate: nothing that looks like a credential comes into the history (Q6).

Every commit of the change is looked at, so that one which a later commit removed is found too.
Our own patterns first; detect-secrets looks at what the head holds with its keyword-free rules.
Never: repeats the credential in a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.codebase.roles import role_of
from bot.gates.change import PLAIN, Change
from bot.gates.gate import CannotLook, GateFinding, Seen, counted, in_order
from bot.gates.scanners import report
from bot.gates.secret_patterns import found_in
from bot.gates.workbench import Workbench
from bot.workspace.git import GitFailed, git

_SETTINGS = re.compile(r"(^|/)(\.env[^/]*|[^/]*\.(env|ini|cfg|conf|properties|ya?ml|toml))$")
_PROSE = re.compile(
    r"\.(md|rst|txt|adoc|po|pot|ipynb|svg|lock|map|csv)$|(^|/)(package-lock\.json)$"
)
_KEYS = re.compile(r"(^|/)(id_(rsa|dsa|ecdsa|ed25519)|[^/]*\.(p12|pfx|jks|keystore))$")
_MOST = 4_000_000  # bytes of a commit's patch


class Secrets:
    """New lines of every commit."""

    name = "secrets"
    scope = "new lines"

    def run(self, change: Change, bench: Workbench) -> Seen:
        found: dict[tuple[str, str], GateFinding] = {}
        for finding, line in _in_head(change):
            found.setdefault((finding.file, line), finding)
        for finding in self._second_opinion(change, bench):
            found.setdefault((finding.file, str(finding.line)), finding)
        seen = {(one.file, one.rule) for one in found.values()}
        unread = []
        for commit in change.history:
            try:
                for finding, line in _in_commit(change, commit):
                    if (finding.file, line) not in found and (
                        finding.file,
                        finding.rule,
                    ) not in seen:
                        found[finding.file, line] = finding
            except (GitFailed, CannotLook) as problem:
                unread.append(f"{commit[:10]}: {problem}")
        if unread:
            raise CannotLook("the history", "; ".join(unread)[:400])
        findings = in_order(found.values())
        return Seen(counted(findings, "none", "credential"), findings, "",
                    {"commits": len(change.history)})  # fmt: skip

    def _second_opinion(self, change: Change, bench: Workbench) -> Iterator[GateFinding]:
        if not any(one.new_lines and not one.binary for one in change.kept.values()):
            return
        told = report(change, bench, "detect-secrets")
        try:
            for path, secrets in told["results"].items():
                path = path.removeprefix("./").removeprefix("head/")
                one = change.files.get(path)
                for secret in secrets:
                    line = int(secret["line_number"])
                    if one and line in one.new_lines:
                        kind = str(secret["type"]).lower().replace(" ", "-")
                        yield _finding(path, line, kind)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise CannotLook("detect-secrets", f"unexpected JSON: {problem}") from None


def _in_head(change: Change) -> Iterator[tuple[GateFinding, str]]:
    for path, one in change.kept.items():
        if one.was is None and _KEYS.search(path):
            yield GateFinding(path, None, "secrets/key-file", "a file for private keys"), ""
        text = change.head_text(path) if one.new_lines else None
        lines = text.split("\n") if text else []
        for number in sorted(one.new_lines):
            if number <= len(lines):
                for kind in _kinds(path, lines[number - 1]):
                    yield _finding(path, number, kind), lines[number - 1]


def _in_commit(change: Change, commit: str) -> Iterator[tuple[GateFinding, str]]:
    patch = git(
        change.mirror.path, "diff-tree", "-r", "--root", "-m", "-p", "-U0", "--no-ext-diff",
        "--no-textconv", "--no-color", "--no-commit-id", "--src-prefix=a/", "--dst-prefix=b/",
        commit, env=PLAIN,
    )  # fmt: skip
    if len(patch) > _MOST * 16:
        raise CannotLook("the history", f"{len(patch)} bytes in one commit")
    path, line, inside = "", 0, False
    for raw in patch.decode("utf-8", "replace").split("\n"):
        if raw.startswith("diff --git "):
            inside = False
        elif not inside and raw.startswith("+++ "):
            path = raw[4:].strip().strip('"').removeprefix("b/")
        elif raw.startswith("@@ "):
            found = re.match(r"@@ -\S+ \+(\d+)", raw)
            line, inside = int(found[1]) - 1 if found else 0, True
        elif inside and raw.startswith("+"):
            line += 1
            for kind in _kinds(path, raw[1:]):
                said = _finding(path, line, kind)
                words = f"{said.message}, in commit {commit[:10]}"
                yield GateFinding(path, line, said.rule, words), raw[1:]


def _kinds(path: str, line: str) -> Iterator[str]:
    prose = role_of(path) != "source" or bool(_PROSE.search(path))
    return found_in(line, prose=prose, settings=bool(_SETTINGS.search(path)))


def _finding(path: str, line: int, kind: str) -> GateFinding:
    words = f"this looks like a credential ({kind}); take it out of the history and renew it"
    return GateFinding(path, line, f"secrets/{kind}", words)
