"""Reading a story as people write it: title, criteria, kind, and what it mentions.

Promises: pure; the same text gives the same values; a text of any shape gives a story. What the
story says is kept as it stands and never followed as an order.
"""

from __future__ import annotations

import re
from typing import Any

from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.story.vocabulary import Criterion, Value

MAX_CRITERIA, MAX_BODY = 40, 60_000

_HEADING = re.compile(
    r"^\W*(?:acceptance[ -]criteria|acceptance|criteria|definition of done|done when|requirements"
    r"|expected (?:behaviou?r|results?|outcome))\b",
    re.IGNORECASE,
)
_BUG = re.compile(
    r"\b(?:bug|fix(?:es|ed)?|broken|crash\w*|fails?|failing|failure|error|wrong(?:ly)?|incorrect\w*"
    r"|regression|exception|traceback|raises|hangs?|leak\w*|vulnerab\w*|should not|instead of"
    r"|does ?n[o']t work|no longer)\b",
    re.IGNORECASE,
)
_REFACTOR = re.compile(
    r"^(?:refactor|clean ?up|simplify|rename|restructure|move|extract|tidy|style)\b", re.IGNORECASE
)
_INFRA = re.compile(
    r"^(?:ci|build|chore|bump|upgrade|pin)\b|\b(?:github actions?|workflow|docker\w*|pipeline)\b",
    re.IGNORECASE,
)
_FEATURE = re.compile(r"^(?:feat|add|support|implement|introduce|allow|let|provide)\b", re.I)
_PATH = re.compile(r"(?<![\w/:.-])((?:[\w.-]+/)+[\w.-]+|[\w-]+\.(?:py|pyi|toml|cfg|txt|md|rst|ini"
                   r"|js|ts|json|ya?ml|go|rs|java|c|h|html|css))(?![\w/-])")  # fmt: skip
_SYMBOL = re.compile(r"`([A-Za-z_][\w.]*)(?:\(\)?[^`]*)?`")


class StoryText(Value):
    """What a story says. `stated` is whether it lists criteria itself."""

    title: str
    body: str
    story_type: str  # feature | bugfix | refactor | infra
    criteria: tuple[Criterion, ...]
    stated: bool
    paths: tuple[str, ...]  # as written; they need not exist
    symbols: tuple[str, ...]  # names in code ticks


def parse_file(text: str) -> tuple[str, str]:
    """(title, body) of a story file: Markdown whose first line with text is the title."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").strip("\n").split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    title = lines.pop(0) if lines else ""
    if lines and re.fullmatch(r"\s*(?:=+|-+)\s*", lines[0]):  # a heading underlined
        lines.pop(0)
    return title.strip().lstrip("#").strip(), "\n".join(lines).strip()


def read(title: str, body: str) -> StoryText:
    """Reads a story (S11)."""
    body = body[:MAX_BODY]
    criteria = _criteria(body)
    text = f"{title}\n{body}"
    return StoryText(
        title=title.strip(),
        body=body,
        story_type=_story_type(title, body),
        criteria=criteria or (Criterion(id="C1", text=title.strip()),),
        stated=bool(criteria),
        paths=tuple(dict.fromkeys(found.rstrip(".") for found in _PATH.findall(text)))[:40],
        symbols=tuple(dict.fromkeys(_SYMBOL.findall(text)))[:40],
    )


def _story_type(title: str, body: str) -> str:
    bare = re.sub(r"^\s*(?:\[[^\]]*\]\s*)*", "", title)
    if prefix := re.match(r"(fix|feat|refactor|style|ci|build|chore|perf)(?:\([^)]*\))?!?:", bare):
        return {"fix": "bugfix", "feat": "feature", "perf": "feature"}.get(
            prefix[1], "refactor" if prefix[1] in {"refactor", "style"} else "infra"
        )
    if _FEATURE.search(bare):
        return "feature"
    if _REFACTOR.search(bare):
        return "refactor"
    if _INFRA.search(bare):
        return "infra"
    if _BUG.search(bare):
        return "bugfix"
    return "bugfix" if len(_BUG.findall(body)) >= 2 else "feature"


def _criteria(body: str) -> tuple[Criterion, ...]:
    """Scenarios first, then the list under a heading for criteria, then a list of check boxes."""
    found = _scenarios(body) or [_from_text(text) for text in _listed(body)]
    return tuple(
        criterion.model_copy(update={"id": f"C{number}"})
        for number, criterion in enumerate(found[:MAX_CRITERIA], 1)
    )


def _listed(body: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parse(body)
    items: list[str] = []
    boxes: list[str] = []
    under = False
    previous = ""
    depth = 0
    for number, token in enumerate(tokens):
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            depth += 1
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            depth -= 1
        elif token.type == "inline" and depth == 0:
            previous = token.content.rstrip().splitlines()[-1] if token.content.strip() else ""
            if tokens[number - 1].type == "heading_open":
                under = bool(_HEADING.search(previous))
        elif token.type == "inline" and depth == 1 and _first_in_item(tokens, number):
            text = " ".join(token.content.split())
            box = re.match(r"\[[ xX]\]\s+", text)
            text = text[box.end() :] if box else text
            if under or _HEADING.search(previous):
                items.append(text)
            elif box:
                boxes.append(text)
    return [text for text in items or boxes if text]


def _first_in_item(tokens: list[Token], number: int) -> bool:
    return number >= 2 and tokens[number - 2].type == "list_item_open"


_STEP = re.compile(r"^\s*(?:[-*]\s+)?\**(Given|When|Then|And|But)\**[ :]+(.*)$", re.IGNORECASE)


def _from_text(text: str) -> Criterion:
    """A bullet; `given …, when …, then …` inside it is taken apart."""
    found = re.match(
        r"^(?:given\s+(?P<given>.+?)[,;.]?\s+)?when\s+(?P<when>.+?)[,;.]?\s+then\s+(?P<then>.+)$",
        text,
        re.IGNORECASE,
    )
    parts = found.groupdict(default="") if found else {}
    return Criterion(id="", text=text, **parts)


def _scenarios(body: str) -> list[Criterion]:
    """Given–When–Then, in a fenced block or as plain lines, read by the Gherkin parser."""
    steps = [_STEP.match(line) for line in body.splitlines()]
    words = {step[1].lower() for step in steps if step}
    if "then" not in words or not words & {"given", "when"}:
        return []
    lines = ["Feature: story"]
    fresh = True
    for line, step in zip(body.splitlines(), steps, strict=True):
        if step:
            word = step[1].capitalize()
            if word == "Given" and not fresh and lines[-1].split()[0] == "Then":
                fresh = True
            if fresh and not lines[-1].startswith("Scenario"):
                lines.append("Scenario:")
            lines.append(f"{word} {step[2].strip()}")
            fresh = False
        elif found := re.match(r"^\W*(?:Scenario(?: Outline)?|Example):\s*(.*)$", line, re.I):
            lines.append(f"Scenario: {found[1].strip()}")
            fresh = True
        elif not line.strip() or line.lstrip().startswith(("#", "```")):
            fresh = fresh or lines[-1].startswith(("Then", "And", "But"))
    try:
        document = Parser().parse("\n".join(lines))
    except (CompositeParserException, ParserException):
        return []
    feature: dict[str, Any] = dict(document.get("feature") or {})
    scenarios = (child.get("scenario") for child in feature.get("children", []))
    return [_from_scenario(scenario) for scenario in scenarios if scenario and scenario["steps"]]


def _from_scenario(scenario: dict[str, Any]) -> Criterion:
    parts: dict[str, list[str]] = {"given": [], "when": [], "then": []}
    kind = "given"
    words = []
    for step in scenario["steps"]:
        keyword = step["keyword"].strip().lower()
        kind = keyword if keyword in parts else kind
        parts[kind].append(step["text"])
        words.append(f"{step['keyword'].strip()} {step['text']}")
    text = scenario["name"] or ", ".join(words)
    return Criterion(id="", text=text, **{k: " and ".join(v) for k, v in parts.items()})
