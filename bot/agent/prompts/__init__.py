"""Prompts as versioned templates, one for each purpose, rendered from a package.

Promises: the same package gives the same bytes; foreign text enters only through the `data`
filter, which makes it visible, hides secrets and puts it into a delimited section; what does not
fit leaves out the parts of least priority, never a required one, and says which. Never reads
anything but the package.

A package holds (all optional but `story`): story {title, body}, spec, plan, task, tree [paths],
files {path: content}, excerpts {path: parts}, conventions (text), instructions [[path, text]],
failure (text), feedback (text), answers [text], diff (text), failing_tests {path: content},
attempts [{…}], tests (text), changed {path: parts}, known_fix {failure, commit, change},
examples {path: parts}, kind (of the failure), suggestions [{…}].
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import jinja2
import jinja2.sandbox
from jinja2.runtime import Context

from bot.agent.errors import Kind, ModelError
from bot.agent.prompts.registry import PromptError, Registry, Section, Version, front_of, source
from bot.agent.shown_markdown import shown
from bot.agent.untrusted import Secrets, section, visible

MAX_DATA = 240_000  # characters a single data section may have
_SPLIT, _CHANGES = "=== the call ===", "=== this time ==="
_SECRETS = "secrets of this call"  # no template can name it: it is no identifier
BUILT_IN = Registry()


@dataclass(frozen=True)
class Prompt:
    """What goes to a model: instructions (ours alone) and the call with its data sections.

    `stable`: how many characters of `user` begin every call about the same story. `left_out`: the
    parts of the package for which there was no room.
    """

    version: str
    system: str
    user: str
    stable: int = 0
    left_out: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The same for calls that begin alike."""
        beginning = self.user[: self.stable] or self.user
        return hashlib.sha256(f"{self.system}\0{beginning}".encode()).hexdigest()[:32]


@jinja2.pass_context
def _data(context: Context, value: Any, name: str, markdown: bool = False) -> str:
    if isinstance(value, jinja2.Undefined):
        value = ""
    text = value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True)
    if markdown:
        text = shown(text)
    text = context[_SECRETS].hide(visible(text))
    if len(text) > MAX_DATA:
        text = text[: MAX_DATA // 2] + "\n[... left out ...]\n" + text[-MAX_DATA // 2 :]
    return section(visible(name).replace("\n", " "), text)


@lru_cache(maxsize=64)
def _template(purpose: str, text: str) -> jinja2.Template:
    environment = jinja2.sandbox.SandboxedEnvironment(
        loader=jinja2.FunctionLoader(lambda name: text if name == purpose else source(name)),
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        autoescape=False,
    )
    environment.filters["data"] = _data
    return environment.get_template(purpose)


def render(
    purpose: str,
    package: dict[str, Any],
    secrets: Secrets,
    registry: Registry = BUILT_IN,
    room: int | None = None,
) -> Prompt:
    """The prompt of a purpose for a package (M6, M12, M13), at most `room` characters long.

    Raises ModelError: configuration where the version in use cannot be used, context_full where
    the required parts alone do not fit.
    """
    try:
        version = registry.active(purpose)
    except PromptError as error:
        raise ModelError(Kind.CONFIGURATION, f"prompt {purpose}: {error}") from error
    given, left_out = dict(package), []
    order = _least_first(version, given)
    while True:
        system, user, stable = _texts(version, given, secrets)
        if room is None or len(system) + len(user) <= room:
            return Prompt(version.label, system, user, stable, tuple(left_out))
        if not order:
            raise ModelError(Kind.CONTEXT_FULL, f"{purpose}: what is required has no room")
        left_out.append(order[0])
        del given[order.pop(0)]


def _least_first(version: Version, package: dict[str, Any]) -> list[str]:
    """The parts that may be left out, in the order in which they are."""
    sections = _shared_sections() | version.front.sections
    free = [name for name in package if package[name] and name in sections]
    return sorted(
        (name for name in free if not sections[name].required),
        key=lambda name: (sections[name].priority, name),
    )


@cache
def _shared_sections() -> dict[str, Section]:
    return front_of(source("base.md.j2") or "").sections


def _texts(version: Version, package: dict[str, Any], secrets: Secrets) -> tuple[str, str, int]:
    template = _template(version.purpose, version.text)
    try:
        text = template.render({**package, "reasoning": version.front.reasoning, _SECRETS: secrets})
    except jinja2.TemplateError as error:
        where = f"prompt {version.label}"
        raise ModelError(Kind.CONFIGURATION, f"{where}: {type(error).__name__}") from error
    system, _, user = text.partition(_SPLIT)
    beginning, _, rest = user.partition(_CHANGES)
    beginning, rest = beginning.strip(), rest.strip()
    return system.strip(), f"{beginning}\n\n{rest}".strip(), len(beginning)
