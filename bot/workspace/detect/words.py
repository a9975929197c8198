"""Which commands of a shell script are known tools, and how they are run without changing anything.

Promises: an argument list that starts with a program of the list below, whatever stood around it.
Never: passes on what a shell would expand, redirect or run; keeps an option that mends files.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from bot.workspace.detect.command import Purpose

_SPLIT = re.compile(r"&&|\|\||[;|\n]")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=\S*")
_SHELL = re.compile(r"[$`<>&~!\\]|\.\.(/|$)")
_GLOB = re.compile(r"[*?{}\[\]]")
_PYTHON = re.compile(r"python(3(\.\d+)?)?|py")
_LONGEST = 40
_ONLY_TELLS = {"--version", "-V", "--help", "-h", "--init", "--show-files", "--print-config"}
# Programs that run another one: how many further words belong to them.
_RUNNERS = {
    "npx": 0, "bunx": 0, "time": 0, "env": 0, "xvfb-run": 0, "sudo": 0, "exec": 0,
    "poetry": 1, "pdm": 1, "pipenv": 1, "uv": 1, "rye": 1, "hatch": 1, "uvx": 0, "pipx": 1,
}  # fmt: skip
_RUN_WORDS = {"run", "exec"}
_GLOBBING = {"eslint", "prettier", "jest", "vitest", "mocha", "biome", "xo", "node"}
_NODE = (_GLOBBING | {"ava", "standard", "tsc"}) - {"node"}
_MENDING = {
    "ruff": {"--fix", "--unsafe-fixes", "--fix-only", "--show-fixes", "--exit-zero", "--fix=true"},
    "eslint": {"--fix", "--fix-dry-run", "--cache"}, "golangci-lint": {"--fix"},
    "biome": {"--write", "--apply", "--apply-unsafe", "--fix", "--unsafe"},
    "prettier": {"--write", "-w"}, "gofmt": {"-w"},
    "cargo": {"--fix", "--allow-dirty", "--allow-staged"},
    "mypy": {"--install-types", "--non-interactive"}, "xo": {"--fix"}, "standard": {"--fix"},
}  # fmt: skip
_CHECKING = {
    "black": "--check", "isort": "--check-only", "prettier": "--check", "gofmt": "-l",
}  # fmt: skip
_SIMPLE: dict[str, Purpose] = {
    "pytest": "test", "py.test": "test", "jest": "test", "vitest": "test", "mocha": "test",
    "ava": "test", "flake8": "lint", "pylint": "lint", "bandit": "lint", "eslint": "lint",
    "golangci-lint": "lint", "staticcheck": "lint", "xo": "lint", "standard": "lint",
    "black": "format", "isort": "format", "prettier": "format", "gofmt": "format",
    "mypy": "types", "pyright": "types", "basedpyright": "types",
}  # fmt: skip
_SUBCOMMANDS: dict[tuple[str, str], Purpose] = {
    ("go", "test"): "test", ("go", "vet"): "lint", ("go", "build"): "build",
    ("cargo", "test"): "test", ("cargo", "nextest"): "test", ("cargo", "clippy"): "lint",
    ("cargo", "fmt"): "format", ("cargo", "build"): "build", ("cargo", "check"): "types",
    ("ruff", "check"): "lint", ("ruff", "format"): "format", ("ty", "check"): "types",
    ("biome", "check"): "lint", ("biome", "lint"): "lint", ("biome", "ci"): "lint",
    ("biome", "format"): "format", ("node", "--test"): "test",
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """`argv` is what runs; `tool` names it, with its subcommand where that is another tool."""

    purpose: Purpose
    tool: str
    argv: tuple[str, ...]


@dataclass(frozen=True)
class Indirect:
    """A task of the project's own: `by` "make", "tox", "nox" or "script", and its name."""

    by: str
    name: str


def commands_in(script: str) -> list[tuple[str, Known | Indirect]]:
    """The known commands of a script, each with the words that stood there."""
    found: list[tuple[str, Known | Indirect]] = []
    for part in _SPLIT.split(script.replace("\\\n", " ")):
        said = part.strip().lstrip("@-+")
        if not said or said.startswith("#") or len(said) > 2_000:
            continue
        try:
            words = shlex.split(said, comments=True)
        except ValueError:
            continue
        known = indirect(words) or known_command(words)
        if known is not None:
            found.append((said, known))
    return found


def known_command(words: list[str]) -> Known | None:
    """`words` as a known tool that changes nothing, or None."""
    words = _peeled(words)
    if not words or len(words) > _LONGEST:
        return None
    program = words[0].rpartition("/")[2]
    rest = words[1:]
    if any(_SHELL.search(word) or word.startswith("/") for word in rest):
        return None
    if _ONLY_TELLS & set(rest):
        return None
    if program not in _GLOBBING and any(_GLOB.search(word) for word in rest):
        return None
    if program == "coverage" and rest[:1] == ["run"] and "-m" in rest:
        return known_command(["python", *rest[rest.index("-m") :]])
    purpose = _SIMPLE.get(program) or (_SUBCOMMANDS.get((program, rest[0])) if rest else None)
    if (
        program == "ruff"
        and rest
        and purpose is None
        and rest[0] not in {"rule", "clean", "server"}
    ):
        purpose, rest = "lint", ["check", *rest]
    if program == "tsc":
        checks = {"--noEmit", "--noemit"} & set(rest)
        purpose = "types" if checks else "build"
    if purpose is None:
        return None
    return _harmless(purpose, program, rest)


def _peeled(words: list[str]) -> list[str]:
    """Without assignments, `python -m` and programs that only start another."""
    for _ in range(6):
        while words and _ASSIGNMENT.fullmatch(words[0]):
            words = words[1:]
        if not words:
            return []
        first = words[0].rpartition("/")[2]
        if _PYTHON.fullmatch(first) and words[1:2] == ["-m"]:
            words = words[2:]
            if words and words[0] == "unittest":
                return []  # what it would find depends on where it is started
        elif first in {"pnpm", "yarn", "npm"} and words[1:2] in (["exec"], ["dlx"]):
            words = [w for w in words[2:] if w != "--"]
        elif first in {"pnpm", "yarn", "bun"} and words[1:2] and words[1] in _SIMPLE:
            words = words[1:]
        elif first in _RUNNERS:
            words = _after_runner(words[1:], _RUNNERS[first])
        else:
            return words
    return []


def _after_runner(words: list[str], subcommands: int) -> list[str]:
    if subcommands and (not words or words[0] not in _RUN_WORDS):
        return []
    words = words[subcommands:]
    while words and words[0].startswith("-"):
        takes = words[0] in {"--with", "--group", "--extra", "--python", "-p", "--from"}
        words = words[2 if takes else 1 :]
    # `hatch run env:script` and `ruff@0.9` name more than the program.
    return [re.split(r"[@]", words[0])[0], *words[1:]] if words else []


def _harmless(purpose: Purpose, program: str, rest: list[str]) -> Known:
    rest = [word for word in rest if word not in _MENDING.get(program, ())]
    tool = {"py.test": "pytest", "basedpyright": "pyright"}.get(program, program)
    if program in _CHECKING and _CHECKING[program] not in rest:
        rest = [_CHECKING[program], *rest]
    if program in _CHECKING and all(word.startswith("-") for word in rest):
        rest.append(".")
    if program == "ruff":
        option = "--check" if purpose == "format" else "--no-fix"
        rest = [rest[0], option, *(word for word in rest[1:] if word != option)]
        tool = "ruff-format" if purpose == "format" else "ruff"
    if program == "cargo" and purpose == "format":
        rest = ["fmt", "--check"]
    if program in {"go", "cargo"}:
        tool = program if purpose in {"test", "build"} else f"{program} {rest[0]}"
    # What a project depends on in Node is found through npx alone.
    start = ("npx", program) if program in _NODE else (program,)
    return Known(purpose, tool, (*start, *rest))


def indirect(words: list[str]) -> Indirect | None:
    """A task that stands in another file of the project."""
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    if len(words) >= 3 and words[0] in {"uv", "poetry", "pdm", "hatch"} and words[1] == "run":
        words = words[2:]
    if not words:
        return None
    program, rest = words[0].rpartition("/")[2], words[1:]
    plain = [word for word in rest if re.fullmatch(r"[A-Za-z0-9][\w.:-]*", word)]
    if program in {"make", "gmake"} and plain:
        return Indirect("make", plain[-1])
    if program in {"tox", "nox"} and rest:
        flag = next((f for f in ("-e", "-s", "--session", "run") if f in rest), "")
        after = rest[rest.index(flag) + 1 :] if flag else []
        after = after[1:] if after[:1] == ["-e"] else after
        return Indirect(program, after[0].split(",")[0]) if after else None
    if program in {"npm", "pnpm", "yarn", "bun"}:
        if rest[:1] in (["run"], ["run-script"]) and len(plain) > 1:
            return Indirect("script", plain[1])
        if rest[:1] in (["test"], ["t"]):
            return Indirect("script", "test")
        if program in {"yarn", "pnpm"} and plain and plain[0] == rest[0] and rest[0] not in {
            "install", "exec", "dlx", "add", "audit", "config", "publish", "pack", "version",
            "build" if program == "none" else "",
        } and rest[0] not in _SIMPLE:  # fmt: skip
            return Indirect("script", rest[0])
    return None
