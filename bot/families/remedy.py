"""The known family `remedy`: findings outside Python that have one exact answer (B11).

Promises: no model, no network, nothing run. A file changes as a whole or not at all; where one
place of it takes judgement the reason names the line. Never guesses a version, a user or a right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from bot.families import certificate_fixes as certificates
from bot.families import dockerfile_fixes as docker
from bot.families import workflow_injection
from bot.families import workflow_rights as rights
from bot.families.autofix_text import builds
from bot.families.outcomes import Already, NotThis, Question
from bot.families.workflow_tree import MAX_TEXT as MAX_FILE
from bot.families.workflow_tree import Fixed, Tree
from bot.families.workflow_uses import is_workflow
from bot.story.vocabulary import FileChange, Value

Read = Callable[[str], str | None]
MAX_TEXT = 12_000


class Remedy(Value):
    """A change that is ready to be committed."""

    rules: tuple[str, ...]
    changes: tuple[FileChange, ...]
    subject: str  # Conventional Commits
    criteria: tuple[str, ...]


Outcome = Remedy | Already | Question | NotThis


@dataclass(frozen=True)
class Rule:
    """`ids`: what scanners call it, whole or as the last part; `words`: what people do."""

    name: str
    ids: str
    words: str
    mend: Callable[[str, list[str]], Fixed]  # of a text, beside all workflows
    subject: str
    criterion: str
    kind: Literal["workflow", "docker", "source"] = "workflow"


def _of_workflow(mend: Callable[[Tree], Fixed]) -> Callable[[str, list[str]], Fixed]:
    return lambda text, others: mend(Tree(text))


def _of_text(mend: Callable[[str], Fixed]) -> Callable[[str, list[str]], Fixed]:
    def read(text: str, others: list[str]) -> Fixed:
        if len(text) > MAX_FILE:
            raise ValueError("it is too large")
        return mend(text)

    return read


def _pinned(text: str, others: list[str]) -> Fixed:
    return rights.pins(Tree(text), rights.known_pins(others))


RULES = (
    Rule(
        "injection",
        r"code-injection(?:/\w+)?|template-injection|run-shell-injection|github-script-injection"
        r"|expression-injection|ckv_gha_2",
        r"(?:script|template|code|expression|shell|command)[ -]injection|untrusted (?:input|data)"
        r"|\$\{\{ *github\.(?:event|head_ref)",
        _of_workflow(workflow_injection.mended),
        "fix(ci): give what strangers write to scripts through their environment",
        "no script of {path} holds what strangers write in its own text",
    ),
    Rule(
        "permissions",
        r"missing-workflow-permissions|excessive-permissions|ckv2_gha_1|token-?permissions(?:id)?"
        r"|missing-permissions",
        r"(?:missing|no|without|excessive|too wide|broad|default|explicit|least[- ]privilege"
        r"|write-all|token)\W+(?:\w+\W+){0,3}permissions?|permissions?\W+(?:\w+\W+){0,4}"
        r"(?:missing|not set|too wide|write-all)",
        _of_workflow(rights.permissions),
        "fix(ci): allow the token of the workflow what its jobs need",
        "{path} says what its token may do",
    ),
    Rule(
        "credentials",
        r"artipacked",
        r"persist-credentials|credentials? (?:that )?persist\w*",
        _of_workflow(rights.checkouts),
        "fix(ci): leave no credentials behind after the checkout",
        "no checkout of {path} keeps credentials",
    ),
    Rule(
        "trigger",
        r"dangerous-triggers|untrusted-checkout(?:/\w+)?|pull-request-target-code-checkout"
        r"|pull[_-]request[_-]target",
        r"\bpull_request_target\b",
        _of_workflow(rights.trigger),
        "fix(ci): run the code of strangers without the rights of the repository",
        "{path} is not triggered by pull_request_target",
    ),
    Rule(
        "pins",
        r"unpinned-tag|unpinned-uses|third-party-action-not-pinned-to-commit-sha"
        r"|unpinned-action",
        r"unpinned (?:\S+ )?actions?|actions? (?:\w+ ){0,3}(?:not |un)pinned"
        r"|pin\w* (?:\S+ ){0,5}(?:commit|sha)",
        _pinned,
        "fix(ci): use actions by commit",
        "each action of {path} is used by its commit",
    ),
    Rule(
        "add",
        r"dl3020|(?:avd-)?ds-?0*5|ckv_docker_4|prefer-copy(?:-over-add)?",
        r"\bADD\b.{0,40}\bCOPY\b|\bCOPY\b.{0,40}\bADD\b",
        _of_text(docker.add),
        "fix(docker): copy files instead of adding them",
        "{path} copies its files",
        kind="docker",
    ),
    Rule(
        "maintainer",
        r"dl4000|(?:avd-)?ds-?0*22|ckv_docker_6|maintainer-is-deprecated",
        r"\bMAINTAINER\b",
        _of_text(docker.maintainer),
        "fix(docker): name the maintainer by a label",
        "{path} has no MAINTAINER",
        kind="docker",
    ),
    Rule(
        "shell_form",
        r"dl3025",
        r"\b(?:CMD|ENTRYPOINT)\b.{0,60}\b(?:JSON|exec form|shell form)\b",
        _of_text(docker.shell_form),
        "fix(docker): start the program without a shell",
        "{path} starts its program without a shell",
        kind="docker",
    ),
    Rule(
        "apt_yes",
        r"dl3014|(?:avd-)?ds-?0*21|missing-assume-yes-switch",
        r"\bapt(?:-get)? install\b.{0,40}-y\b",
        _of_text(docker.apt_yes),
        "fix(docker): install packages without a question",
        "{path} installs packages without a question",
        kind="docker",
    ),
    Rule(
        "pip_cache",
        r"dl3042",
        r"--no-cache-dir\b",
        _of_text(docker.pip_cache),
        "fix(docker): leave no cache of pip in the image",
        "{path} leaves no cache of pip in the image",
        kind="docker",
    ),
    Rule(
        "user",
        r"dl3002|(?:avd-)?ds-?0*2|ckv_docker_(?:3|8)|missing-user(?:-entrypoint)?|last-user-is-root",
        r"(?:missing|no|without|non-root|root)\W+(?:\w+\W+){0,2}user\b|runs? as root",
        _of_text(docker.user),
        "fix(docker): run as a user",
        "{path} names a user",
        kind="docker",
    ),
    Rule(
        "version",
        r"dl300[67]|(?:avd-)?ds-?0*1|ckv_docker_7|avoid-latest(?:-version)?",
        r"\blatest\b.{0,20}\btag\b|\btag\b.{0,20}\blatest\b|:latest\b|untagged image",
        _of_text(docker.version),
        "fix(docker): name the version of the base image",
        "{path} names the version of its base image",
        kind="docker",
    ),
    Rule(
        "certificates",
        r"disabling-certificate-validation|disabled-certificate-check|g402|bypass-tls-verification"
        r"|(?:tls-with-)?insecure-?skip-?verify|missing-tls-verification|reject-unauthorized",
        r"rejectUnauthorized|InsecureSkipVerify",
        _of_text(certificates.mended),
        "fix: check certificates",
        "{path} checks certificates",
        kind="source",
    ),
)
_REPORT = re.compile(r"\((?P<rule>[^()\s]{2,300})\) in (?P<path>[^\s()]+)$")
_BARE_REPORT = re.compile(r"^(?P<rule>[\w./:-]{2,300}) in (?P<path>[^\s()]+)$")
_DOCKERFILE = re.compile(r"(?:^|/)(?:Dockerfile|Containerfile)(?:\.[\w.-]+)?$|\.dockerfile$", re.I)
_FILES = {
    "docker": _DOCKERFILE,
    "source": re.compile(r"(?<!\.min)\.(?:[cm]?[jt]sx?|go)$"),
}
_PATH = re.compile(r"(?<![\w/.-])(?:\./)?([\w.-]+(?:/[\w.-]+)*)")


def detect(title: str, body: str, list_files: Callable[[], Iterable[str]], read: Read) -> Outcome:
    """What this family makes of a story (S19). `list_files` gives repository paths."""
    title, body = title[:300].strip(), body[:MAX_TEXT]
    report = _REPORT.search(title) or _BARE_REPORT.search(title)
    rule = _by_id(report["rule"]) if report else None
    if rule is None:
        bare = re.sub(r"^\s*(?:\[[^\]]{1,30}\]\s*|\w+(?:\([^)]*\))?!?:\s*)+", "", title)
        rule = None if report or builds(bare) else _by_words(bare)
        if rule is None:
            return NotThis(reason="names no finding that is known here")
    files = sorted(set(list_files()))
    paths = [report["path"]] if report else _named(f"{title}\n{body}", files)
    paths = [path for path in paths if path in files and _is_of(rule, path)]
    if not paths:
        return NotThis(reason="names no file of the kind that has such findings")
    return _outcome(rule, paths, files, read)


def _by_id(name: str) -> Rule | None:
    """The rule that a scanner means; ids may be paths, and end with the name or repeat it."""
    for rule in RULES:
        if re.search(rf"(?:^|[/.:])(?:{rule.ids})$", name, re.IGNORECASE):
            return rule
    return None


def _by_words(title: str) -> Rule | None:
    return next((one for one in RULES if re.search(one.words, title, re.IGNORECASE)), None)


def _named(text: str, files: list[str]) -> list[str]:
    """The workflows and Dockerfiles that a text names, whole or by the last part."""
    told = dict.fromkeys(found[1].rstrip(".") for found in _PATH.finditer(text))
    known = [p for p in files if is_workflow(p) or any(one.search(p) for one in _FILES.values())]
    return [
        path for name in told for path in known
        if path == name or ("/" not in name and path.endswith(f"/{name}"))
    ]  # fmt: skip


def _is_of(rule: Rule, path: str) -> bool:
    return is_workflow(path) if rule.kind == "workflow" else bool(_FILES[rule.kind].search(path))


def _outcome(rule: Rule, paths: list[str], files: list[str], read: Read) -> Outcome:
    changes, reasons = [], []
    others = [other for path in files if is_workflow(path) and (other := read(path))]
    for path in dict.fromkeys(paths):
        text = read(path)
        try:
            fixed = rule.mend(text or "", others)
        except ValueError as error:
            reasons.append(f"{path}: {error}")
            continue
        if fixed.left:
            more = f", and {len(fixed.left) - 1} more" if len(fixed.left) > 1 else ""
            reasons.append(f"{path}:{fixed.left[0][0]}: {fixed.left[0][1]}{more}")
        elif fixed.changed:
            changes.append(FileChange(path=path, content=fixed.text))
    if reasons:
        details = {"rules": [rule.name]}
        return Question(kind="not_fixable", message="; ".join(reasons[:3]), details=details)
    if not changes:
        return Already(message=f"nothing of it is in {', '.join(paths)}")
    return Remedy(
        rules=(rule.name,),
        changes=tuple(changes),
        subject=rule.subject,
        criteria=tuple(rule.criterion.format(path=one.path) for one in changes),
    )
