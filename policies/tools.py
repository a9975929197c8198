"""What a command line would do, how risky that is, and who has to agree. (T1, T2)

Promises: pure; the catalogue of operations with a risk and a rule each (§6.1); a command line is
read through the words before it (`sh -c`, `env`, `npx`, `python -m`), each part of a chain by
itself, and the riskiest part decides; what is not known is said to be unknown.
Never: takes a command for harmless because it could not be read; the sandbox is what holds it, this
is what people are asked about.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from bot.story.vocabulary import Gate, Verdict, allow, deny, wait
from policies.tool_words import (
    BUILDERS,
    CLIENTS,
    FILES,
    GIT,
    INSTALLERS,
    INTERPRETERS,
    MIGRATIONS,
    TESTERS,
    WRAPPERS,
)

Risk = Literal["low", "medium", "high"]
_RANK: Mapping[Risk, int] = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True)
class Operation:
    """`approval`: why a person has to agree first, "" where nobody has to."""

    name: str
    risk: Risk
    approval: str = ""


CATALOGUE: Mapping[str, Operation] = MappingProxyType(
    {
        one.name: one
        for one in (
            Operation("files.read", "low"),
            Operation("files.write", "medium"),
            Operation("files.delete", "medium"),
            Operation("files.delete_outside", "high", "it deletes outside the work tree"),
            Operation("shell.known", "medium"),
            Operation("shell.unknown", "medium"),
            Operation("git.read", "low"),
            Operation("git.write", "medium"),
            Operation("git.push", "medium"),
            Operation("git.force_push", "high", "it overwrites what others may have"),
            Operation("git.rebase", "high", "it rewrites history"),
            Operation("packages.read", "low"),
            Operation("packages.install", "medium"),
            Operation("packages.update", "medium"),
            Operation("packages.remove", "medium"),
            Operation("packages.major", "high", "it moves to another major version"),
            Operation("build", "low"),
            Operation("test", "low"),
            Operation("database.query", "high"),
            Operation("database.migrate", "high", "it migrates a database"),
            Operation("http.known", "medium"),
            Operation("http.new_domain", "high", "it talks to a host that is not on the list"),
            Operation("container.build", "medium"),
            Operation("container.run", "medium"),
            Operation("container.expose", "high", "it opens a port"),
        )
    }
)


@dataclass(frozen=True)
class ToolFacts:
    """`programs`: names that may be run, None for any that is known. `approved`: operations that a
    person agreed to. `hosts`: that may be talked to. `installed`: package to version, for the
    question whether an update is a major one.
    """

    programs: frozenset[str] | None = None
    approved: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    installed: Mapping[str, str] = field(default_factory=dict)


def decide(argv: Sequence[str], facts: ToolFacts) -> Verdict:
    """ALLOW, DENY (an unknown program) or WAIT for a person; the rule is the operation's name."""
    operations = classify(argv, facts)
    for one in sorted(operations, key=lambda one: -_RANK[one.risk]):
        if one.approval and one.name not in facts.approved:
            return wait(one.name, one.approval, Gate.PRE_CODE)
    if any(one.name == "shell.unknown" for one in operations):
        return deny("shell.unknown", f"{_shown(argv)} is not a command that is known")
    if facts.programs is not None and argv[0].rpartition("/")[2] not in facts.programs:
        return deny("shell.unknown", f"{_shown(argv)} is not on the list")
    worst = max(operations, key=lambda one: _RANK[one.risk])
    return allow(worst.name, f"{worst.risk} risk")


def classify(argv: Sequence[str], facts: ToolFacts | None = None) -> tuple[Operation, ...]:
    """What each part of the command line does; never empty."""
    found = [CATALOGUE[name] for name in _names(list(argv), facts or ToolFacts(), 0)]
    return tuple(dict.fromkeys(found)) or (CATALOGUE["shell.unknown"],)


def major_upgrade(before: str, after: str) -> bool:
    """Does a version move to a higher first number (in 0.x: the second)?"""
    old, new = (re.findall(r"\d+", version.partition("+")[0])[:2] for version in (before, after))
    if not old or not new:
        return False
    if int(new[0]) != int(old[0]):
        return int(new[0]) > int(old[0])
    return old[0] == "0" and int((new[1:] or ["0"])[0]) > int((old[1:] or ["0"])[0])


def _names(argv: list[str], facts: ToolFacts, depth: int) -> Iterator[str]:
    words = unwrapped(argv)
    if not words or depth > 4:
        yield "shell.unknown"
        return
    program = words[0].rpartition("/")[2]
    rest = words[1:]
    if program in ("sh", "bash", "dash", "zsh") and "-c" in _flags(rest):
        text = next((word for word in rest if not word.startswith("-")), "")
        for part in _parts(text):
            yield from _names(part, facts, depth + 1)
        return
    if program == "git":
        yield _git(rest)
    elif program in INSTALLERS or (program in ("uv", "go", "cargo") and rest):
        yield from _packages(program, rest, facts)
    elif (program, *rest[:1]) in MIGRATIONS or _migrates(program, rest):
        yield "database.migrate"
    elif program in CLIENTS:
        yield from _client(program, rest, facts)
    elif program in ("docker", "podman", "docker-compose", "nerdctl"):
        yield _container(program, rest)
    elif program in FILES:
        yield _files(program, rest)
    else:
        kinds = ((TESTERS, "test"), (BUILDERS, "build"), (INTERPRETERS, "shell.known"))
        yield next((kind for known, kind in kinds if program in known), "shell.unknown")


def unwrapped(argv: Sequence[str]) -> list[str]:
    """The command itself, without what stands before it."""
    words = list(argv)
    for _ in range(8):
        while words and re.fullmatch(r"[A-Za-z_]\w*=.*", words[0], re.DOTALL):
            words = words[1:]
        if not words:
            return []
        program = words[0].rpartition("/")[2]
        if re.fullmatch(r"python[\d.]*|pypy3?", program) and words[1:2] == ["-m"] and words[2:]:
            words = words[2:]
        elif tuple([program, *words[1:2]]) in WRAPPERS:
            words = _past_options(words[2:])
        elif (program,) in WRAPPERS:
            words = _past_options(words[1:])
        else:
            return words
    return words


def _past_options(words: list[str]) -> list[str]:
    at = 0
    while at < len(words) and (
        words[at].startswith("-") or re.fullmatch(r"[\d.]+[smhd]?", words[at])
    ):
        at += 1
    return words[at:]


def _parts(text: str) -> Iterator[list[str]]:
    """The commands of a shell's line. What it would work out itself is not known."""
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|()<>\n")
        lexer.whitespace = " \t\r"
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        yield []
        return
    part: list[str] = []
    for word in [*words, ";"]:
        if word and set(word) <= set(";&|()\n"):
            if part:
                yield part
            part = []
        else:
            part.append(word)
    if re.search(r"\$\(|`|<\(", text):
        yield []


def _flags(words: Sequence[str]) -> set[str]:
    """Options, short ones apart: `-xc` is `-x` and `-c`."""
    long = {word.partition("=")[0] for word in words if word.startswith("--")}
    short = {f"-{c}" for word in words if re.fullmatch(r"-\w+", word) for c in word[1:]}
    return long | short


def _git(rest: list[str]) -> str:
    words = list(rest)
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in ("-C", "-c", "--git-dir", "--work-tree") else words[1:]
    command, flags = (words or [""])[0], _flags(words)
    if command == "push":
        forced = {"-f", "-d", "--force", "--force-with-lease", "--mirror", "--delete", "--prune"}
        moved = any(word.startswith(("+", ":")) for word in words[1:])
        return "git.force_push" if flags & forced or moved else "git.push"
    if command in ("rebase", "filter-branch", "filter-repo") or (
        command == "pull" and flags & {"-r", "--rebase"}
    ):
        return "git.rebase"
    return GIT.get(command, "shell.unknown")


def _packages(program: str, rest: list[str], facts: ToolFacts) -> Iterator[str]:
    words = [word for word in rest if not word.startswith("-")]
    if program == "uv" and words[:1] == ["pip"]:
        words = words[1:]
    if program in ("npm", "pnpm", "yarn") and words[:1] in (["run"], ["run-script"]):
        words = words[1:]
    verb = words[0] if words else ("install" if program == "yarn" else "")
    kinds = INSTALLERS.get(program, {})
    kind = next((kind for kind, verbs in kinds.items() if verb in verbs), "")
    if not kind:
        yield "shell.unknown" if program not in ("npm", "pnpm", "yarn") else "build"
        return
    for word in words[1:]:
        name, version = _asked(word)
        if version and major_upgrade(facts.installed.get(name, ""), version):
            yield "packages.major"
    yield kind


def _asked(word: str) -> tuple[str, str]:
    """(name, version) of `django==5.0`, `left-pad@2`, `@scope/name@^3`."""
    found = re.fullmatch(
        r"(@?[\w.-]+(?:/[\w.-]+)*)(?:\[.*\])?(?:[=~>^@]=?=?v?\^?~?)(\d[\w.+-]*).*", word
    )
    return (found[1].lower(), found[2]) if found else ("", "")


def _migrates(program: str, rest: list[str]) -> bool:
    words = [word for word in rest if not word.startswith("-")]
    if re.fullmatch(r"python[\d.]*", program) and words and words[0].endswith("manage.py"):
        words = words[1:]
    elif program not in ("manage.py", "django-admin", "rails", "rake", "artisan", "php"):
        return (program, *words[:2]) in MIGRATIONS
    return bool(words) and (words[0].startswith(("migrate", "db:")) or words[0] == "flush")


def _client(program: str, rest: list[str], facts: ToolFacts) -> Iterator[str]:
    if CLIENTS[program] == "database":
        yield "database.query"
        return
    places = [word for word in rest if not word.startswith("-")]
    hosts = [
        urlsplit(w if "://" in w else f"//{w}").hostname for w in places if "." in w or "/" in w
    ]
    known = hosts and all(host in facts.hosts for host in hosts)
    yield "http.known" if known else "http.new_domain"


def _container(program: str, rest: list[str]) -> str:
    words = [word for word in rest if not word.startswith("-")]
    verb = "compose" if program == "docker-compose" else (words or [""])[0]
    if (
        any(re.match(r"-(p|P)|--publish|--net(work)?=host", word) for word in rest)
        or "host" in rest
    ):
        return "container.expose"
    if verb in ("build", "buildx"):
        return "container.build"
    if verb == "compose" and "build" in words:
        return "container.build"
    return "container.run"


def _files(program: str, rest: list[str]) -> str:
    kind = FILES[program]
    if kind != "files.delete":
        return kind
    outside = [w for w in rest if w.startswith(("/", "~")) or ".." in w.split("/") or "$" in w]
    outside = [w for w in outside if not w.startswith(("/workspace/", "/tmp/"))]  # noqa: S108
    return "files.delete_outside" if outside else kind


def _shown(argv: Sequence[str]) -> str:
    return repr(" ".join(argv)[:80]) if argv else "nothing"
