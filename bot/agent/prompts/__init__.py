"""Prompts as versioned templates, one for each purpose, rendered from a package.

Promises: the same package gives the same bytes; foreign text enters only through the `data`
filter, which makes it visible, hides secrets and puts it into a delimited section. The version of
a prompt is its number and a digest of its text. Never reads anything but the package.

A package holds (all optional but `story`): story {title, body}, spec, plan, task, tree [paths],
files {path: content}, excerpts {path: parts}, conventions (text), instructions [[path, text]],
failure (text), feedback (text), answers [text], diff (text), failing_tests {path: content},
attempts [{…}], kind (of the failure), suggestions [{…}].
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import jinja2

from bot.agent.errors import Kind, ModelError
from bot.agent.schemas import PURPOSES
from bot.agent.shown_markdown import shown
from bot.agent.untrusted import Secrets, section, visible

MAX_DATA = 240_000  # characters a single data section may have
_VERSION = re.compile(r"\{# version: (\d+) ")
_SPLIT, _CHANGES = "=== the call ===", "=== this time ==="


@dataclass(frozen=True)
class Prompt:
    """What goes to a model: instructions (ours alone) and the call with its data sections.

    `stable`: how many characters of `user` begin every call about the same story.
    """

    version: str
    system: str
    user: str
    stable: int = 0

    @property
    def digest(self) -> str:
        """The same for calls that begin alike."""
        beginning = self.user[: self.stable] or self.user
        return hashlib.sha256(f"{self.system}\0{beginning}".encode()).hexdigest()[:32]


def _source(name: str) -> str | None:
    entry = resources.files(__package__).joinpath(name)
    return entry.read_text(encoding="utf-8") if entry.is_file() else None


@cache
def version(purpose: str) -> str:
    """`<purpose>/<number>-<digest>`: the digest covers the shared parts too."""
    if purpose not in PURPOSES:
        raise ModelError(Kind.CONFIGURATION, f"there is no prompt for the purpose {purpose!r}")
    own = _source(f"{purpose}.md.j2") or ""
    shared = (_source("base.md.j2") or "") + (_source("work.md.j2") or "")
    number = _VERSION.search(own)
    digest = hashlib.sha256((shared + own).encode()).hexdigest()[:12]
    return f"{purpose}/{number[1] if number else 0}-{digest}"


def render(purpose: str, package: dict[str, Any], secrets: Secrets) -> Prompt:
    """The prompt of a purpose for a package (M6, M12, M13)."""
    label = version(purpose)

    def data(value: Any, name: str, markdown: bool = False) -> str:
        text = value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True)
        if markdown:
            text = shown(text)
        text = secrets.hide(visible(text))
        if len(text) > MAX_DATA:
            text = text[: MAX_DATA // 2] + "\n[... left out ...]\n" + text[-MAX_DATA // 2 :]
        return section(visible(name).replace("\n", " "), text)

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        autoescape=False,  # noqa: S701  (not HTML; the data filter is the boundary)
    )
    environment.filters["data"] = data
    text = environment.get_template(f"{purpose}.md.j2").render(package)
    system, _, user = text.partition(_SPLIT)
    stable, _, rest = user.partition(_CHANGES)
    stable, rest = stable.strip(), rest.strip()
    return Prompt(label, system.strip(), f"{stable}\n\n{rest}".strip(), len(stable))
