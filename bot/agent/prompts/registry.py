"""Which prompts there are, in which versions, and which one is in use (M6).

Promises: a version is a file whose front matter says its number, the schema of its answer and how
it reasons; those that came with Towpath are always there, an operator's own are files below the
home; a version is in use only after somebody promoted exactly these bytes; every promotion and
rollback is a line with time, person and digest that is never changed. Never calls a model.

An operator's versions are `HOME/prompts/<purpose>/v<N>.md.j2`; what was promoted, and by whom, is
in `HOME/prompts/history.jsonl`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import jinja2
import jinja2.sandbox
import yaml
from jinja2 import meta
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.agent.errors import Kind, ModelError
from bot.agent.schemas import PURPOSES, SCHEMA_OF

_FRONT = re.compile(r"\A\{#\n(.*?)#\}\n", re.DOTALL)
_OWN = re.compile(r"v([1-9]\d{0,4})\.md\.j2")
TOOLS = "tools"  # as `output`: the answer is calls of tools, not one object
SHARED = ("base.md.j2", "work.md.j2")


class Section(BaseModel):
    """A part of the package: of what is left out for want of room, the lowest priority goes first;
    a required part never does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    priority: int = Field(default=50, ge=0, le=100)
    required: bool = False


class Front(BaseModel):
    """The front matter. `sections` is said by the shared parts; a version may say otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(default=1, ge=1)
    about: str = ""
    output: str = ""
    reasoning: Literal["direct", "steps"] = "direct"
    sections: dict[str, Section] = {}


@dataclass(frozen=True)
class Version:
    """One version of a prompt. `origin`: built-in | home. `digest` covers the shared parts."""

    purpose: str
    front: Front
    origin: str
    digest: str
    text: str

    @property
    def label(self) -> str:
        """What stands in the journal with each call."""
        own = "" if self.origin == "built-in" else "+home"
        return f"{self.purpose}/{self.front.version}{own}-{self.digest}"


class PromptError(Exception):
    """A prompt that cannot be used. `kind`: unknown_purpose | unknown_version | malformed |
    changed | nothing_before."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Registry:
    """The prompts of an installation; without a home, those that came with Towpath."""

    def __init__(self, home: Path | None = None) -> None:
        self._folder = home / "prompts" if home else None
        self._read: dict[Path, tuple[tuple[int, int], Version]] = {}

    def versions(self, purpose: str) -> tuple[Version, ...]:
        """Every version, the built-in one first. A file that cannot be read is a PromptError."""
        return (built_in(purpose), *self._own(purpose))

    def get(self, purpose: str, number: int) -> Version:
        """The version `number`; an operator's own before the built-in one of that number."""
        found = [v for v in self.versions(purpose) if v.front.version == number]
        if not found:
            raise PromptError("unknown_version", f"{purpose} has no version {number}")
        return found[-1]

    def active(self, purpose: str) -> Version:
        """The one in use: what was promoted last, else the built-in one.

        Raises PromptError(changed) where the file is not what was promoted.
        """
        built = built_in(purpose)
        chosen = self._chosen(purpose)
        if not chosen or chosen[-1] is None:
            return built
        number, digest = chosen[-1]
        version = self._at(purpose, number)
        if version.digest != digest:
            where = f"{purpose} v{number}"
            raise PromptError("changed", f"{where} is not what was promoted; promote it again")
        return version

    def promote(self, purpose: str, number: int, who: str, at: datetime) -> Version:
        """Put a version into use, from the next call on."""
        version = self.get(purpose, number)
        self._note("promote", version, who, at)
        return version

    def rollback(self, purpose: str, who: str, at: datetime) -> Version:
        """Back to what was in use before and still is as it was; PromptError(nothing_before)."""
        chosen = self._chosen(purpose)
        if not chosen:
            raise PromptError("nothing_before", f"{purpose} is as it came")
        chosen.pop()
        while chosen and not self._unchanged(purpose, chosen[-1]):
            chosen.pop()
        before = chosen[-1] if chosen else None
        version = self._at(purpose, before[0]) if before else built_in(purpose)
        self._note("rollback", version, who, at, depth=len(chosen))
        return version

    def _unchanged(self, purpose: str, chosen: tuple[int, str] | None) -> bool:
        if chosen is None:
            return True
        try:
            return self._at(purpose, chosen[0]).digest == chosen[1]
        except PromptError:
            return False

    def history(self) -> list[dict[str, Any]]:
        """What was promoted and taken back, first the oldest."""
        if self._folder is None:
            return []
        try:
            lines = (self._folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]

    def _chosen(self, purpose: str) -> list[tuple[int, str] | None]:
        """What is in use and what was before it, as a stack; None is the built-in version."""
        stack: list[tuple[int, str] | None] = []
        for line in self.history():
            if line["purpose"] != purpose:
                continue
            if line["action"] == "rollback":
                stack = stack[: line["depth"]]
            elif line["origin"] == "home":
                stack.append((line["version"], line["digest"]))
            else:
                stack.append(None)
        return stack

    def _note(self, action: str, version: Version, who: str, at: datetime, **more: int) -> None:
        if self._folder is None:
            raise PromptError("unknown_version", "without a home there is nothing to promote")
        self._folder.mkdir(parents=True, exist_ok=True)
        line = {
            "at": at.isoformat(),
            "who": who,
            "action": action,
            "purpose": version.purpose,
            "version": version.front.version,
            "origin": version.origin,
            "digest": version.digest,
            **more,
        }
        descriptor = os.open(
            self._folder / "history.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600
        )
        try:
            os.write(descriptor, json.dumps(line).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _own(self, purpose: str) -> Iterator[Version]:
        folder = self._folder and self._folder / purpose
        if folder is None or not folder.is_dir():
            return
        named = [(m, path) for path in folder.iterdir() if (m := _OWN.fullmatch(path.name))]
        for number, path in sorted((int(match[1]), path) for match, path in named):
            yield self._load(purpose, number, path)

    def _at(self, purpose: str, number: int) -> Version:
        if self._folder is None:
            raise PromptError("unknown_version", "without a home there is only what came along")
        return self._load(purpose, number, self._folder / purpose / f"v{number}.md.j2")

    def _load(self, purpose: str, number: int, path: Path) -> Version:
        try:
            seen = path.stat()
            mark = (seen.st_mtime_ns, seen.st_size)
            known = self._read.get(path)
            if known is None or known[0] != mark:
                version = parsed(purpose, "home", path.read_text(encoding="utf-8"))
                known = self._read[path] = (mark, version)
        except (OSError, UnicodeDecodeError) as error:
            name = f"{purpose} v{number}"
            raise PromptError("unknown_version", f"{name} cannot be read") from error
        if known[1].front.version != number:
            raise PromptError("malformed", f"{path.name} says version {known[1].front.version}")
        return known[1]


def source(name: str) -> str | None:
    """The text of a template that came with Towpath."""
    entry = resources.files(__package__).joinpath(name)
    return entry.read_text(encoding="utf-8") if entry.is_file() else None


_BUILT_IN: dict[str, Version] = {}


def built_in(purpose: str) -> Version:
    """The version that came with Towpath; ModelError(configuration) for an unknown purpose."""
    if purpose not in PURPOSES:
        raise ModelError(Kind.CONFIGURATION, f"there is no prompt for the purpose {purpose!r}")
    if purpose not in _BUILT_IN:
        _BUILT_IN[purpose] = parsed(purpose, "built-in", source(f"{purpose}.md.j2") or "")
    return _BUILT_IN[purpose]


def front_of(text: str) -> Front:
    """The front matter of a template; PromptError(malformed) says what is wrong."""
    found = _FRONT.match(text)
    if not found:
        raise PromptError("malformed", "no front matter: {# on the first line, YAML, #}")
    try:
        return Front.model_validate(yaml.safe_load(found[1]) or {})
    except yaml.YAMLError as error:
        raise PromptError("malformed", f"the front matter is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise PromptError("malformed", f"front matter, {where}: {first['msg']}") from error


def parsed(purpose: str, origin: str, text: str) -> Version:
    """The version that `text` is; PromptError(malformed) where it could not be used."""
    front = front_of(text)
    schema = SCHEMA_OF[purpose].__name__
    if front.output not in (schema, TOOLS):
        raise PromptError("malformed", f"output must be {schema} or {TOOLS}")
    try:
        tree = jinja2.sandbox.SandboxedEnvironment().parse(text)
    except jinja2.TemplateSyntaxError as error:
        raise PromptError("malformed", f"line {error.lineno}: {error.message}") from error
    parents = set(meta.find_referenced_templates(tree))
    if len(parents) != 1 or not parents <= set(SHARED):
        raise PromptError("malformed", f"it must extend one of {', '.join(SHARED)}, and only that")
    shared = "".join(source(name) or "" for name in SHARED)
    digest = hashlib.sha256((shared + text).encode()).hexdigest()[:12]
    return Version(purpose, front, origin, digest, text)
