"""How much a text looks as if it tried to command the model that reads it (M12).

Promises: pure; each sign has a weight, a sign counts once a text however often it stands there, and
the verdict names the signs. It is one guard of several: what a model may do is decided elsewhere,
so a text that passes gains nothing but to be read. Never: changes a text, or asks a model.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bot.story.vocabulary import Gate, Verdict, allow, digest, wait

HIGH = 1.0  # of what people wrote in the story and below it
HIGH_IN_FILES = 2.0  # of what stands in the repository: somebody with write access put it there
_LONGEST = 400_000  # characters of a text that are looked at

_I = re.IGNORECASE
_EARLIER = r"(?:previous|prior|earlier|above|preceding|foregoing|your|system|all|any|the)"
_RULES = r"(?:instructions?|prompts?|rules?|guidelines?|directives?|constraints?|messages?)"
# name, weight, what it looks like
SIGNS: tuple[tuple[str, float, re.Pattern[str]], ...] = (
    (
        "overrides_instructions",
        1.0,
        re.compile(
            rf"\b(?:ignor\w+|disregard\w*|forget|overrid\w+|bypass\w*|do\s+not\s+follow|drop)"
            rf"\s+(?:\w+\s+){{0,3}}?{_EARLIER}\s+(?:\w+\s+){{0,3}}?{_RULES}\b",
            _I,
        ),
    ),
    (
        "overrides_instructions_in_another_language",
        1.0,
        re.compile(
            r"ignoriere?\s+(?:\w+\s+){0,3}(?:anweisungen|regeln)|ignore[zr]?\s+(?:\w+\s+){0,3}"
            r"(?:instructions\s+pr[ée]c[ée]dentes|consignes)|ignora\s+(?:\w+\s+){0,3}"
            r"(?:instrucciones|istruzioni|instruções)|игнорируй\w*\s+(?:\w+\s+){0,3}инструкц"
            r"|忽略.{0,8}(?:指令|指示|提示)|(?:指示|命令).{0,6}無視",
            _I,
        ),
    ),
    (
        "new_role",
        0.6,
        re.compile(
            r"\byou\s+are\s+(?:now|no\s+longer)\b|\bfrom\s+now\s+on\s+you\b|\bact\s+as\s+(?:an?\s+)?"
            r"(?:unrestricted|root|admin\w*|developer\s+mode|dan\b)|\bpretend\s+(?:to\s+be|you\b)"
            r"|\b(?:developer|debug|god|maintenance)\s+mode\s+(?:is\s+)?(?:on|enabled|active)",
            _I,
        ),
    ),
    (
        "speaks_as_the_system",
        0.8,
        re.compile(
            r"^\s*(?:\[|<|#+\s*|\*{2})?\s*(?:system|assistant|developer)\s*(?:\]|>|\*{2})?\s*"
            r"(?:prompt|message|override|note)?\s*:\s*\S",
            _I | re.MULTILINE,
        ),
    ),
    (
        "template_tokens",
        1.0,
        re.compile(
            r"<\|(?:im_start|im_end|system|assistant|user|endoftext|start_header_id|eot_id)\|>"
            r"|\[/?INST\]|<</?SYS>>|\n\n(?:Human|Assistant):\s",
        ),
    ),
    ("forges_a_section", 1.2, re.compile(r"<<<\s*DATA\b|\bDATA\s+[0-9a-f]{8,}\s*>>>", _I)),
    (
        "forges_a_tool",
        0.8,
        re.compile(
            r"</?(?:tool_(?:call|result|use)|function_(?:calls?|results?)|invoke|antml:\w+)\b"
            r"|\"tool_calls\"\s*:|\"type\"\s*:\s*\"(?:tool_use|tool_result|function_call)\"",
            _I,
        ),
    ),
    (
        "wants_the_rules",
        1.0,
        re.compile(
            r"\b(?:reveal|print|show|repeat|output|leak|dump|tell\s+me|include|paste)\b.{0,40}"
            r"\b(?:system|hidden|initial|secret|original)\s+(?:prompt|instructions?|message)",
            _I,
        ),
    ),
    (
        "wants_secrets",
        1.0,
        re.compile(
            r"\b(?:reveal|print|show|output|leak|dump|send|post|upload|exfiltrat\w+|email|include"
            r"|commit|paste|encode|add|copy)\b.{0,60}\b(?:(?:api|private|ssh|access|signing|secret|"
            r"deploy)[\s_-]*keys?|secrets?|credentials?|access\s+tokens?|github_token|id_rsa"
            r"|environment\s+variables?|process\.env|os\.environ)\b",
            _I,
        ),
    ),
    (
        "reaches_outside",
        0.9,
        re.compile(
            r"\b(?:curl|wget|nc|ncat|invoke-webrequest)\b[^\n]{0,120}(?:https?://|\d+\.\d+\.\d+\.\d+)"
            r"|\|\s*(?:ba|z)?sh\b|/dev/tcp/|\bbase64\s+(?:-d|--decode)\b",
            _I,
        ),
    ),
    (
        "addresses_the_machine",
        0.5,
        re.compile(
            r"\b(?:ai|llm|language\s+model|coding\s+agent|assistant|towpath|copilot|claude|gpt)\b"
            r"[^.\n]{0,40}\b(?:must|should|has\s+to|is\s+required\s+to|shall|are\s+to)\b"
            r"|\b(?:attention|note|message|instructions?)\s+(?:to|for)\s+(?:the\s+|any\s+|all\s+)?"
            r"(?:ai|llms?|agents?|assistants?|bots?|models?)\b",
            _I,
        ),
    ),
    (
        "hides_its_doing",
        0.8,
        re.compile(
            r"\bdo\s+not\s+(?:tell|mention|inform|notify|report|reveal|disclose)\b|\bwithout\s+"
            r"(?:telling|mentioning|informing|notifying|asking)\b|\bkeep\s+this\s+(?:secret|hidden)"
            r"|\bsilently\b.{0,30}\b(?:add|change|remove|push|merge|commit|disable)",
            _I,
        ),
    ),
    (
        "weakens_the_guards",
        0.9,
        re.compile(
            r"\b(?:delete|remove|disable|skip|weaken|comment\s+out|bypass|turn\s+off)\b.{0,40}"
            r"\b(?:all\s+(?:the\s+)?tests?|test\s+suite|branch\s+protection|code\s+review|security"
            r"\s+checks?|approval\w*|sandbox|audit\s+log)\b",
            _I,
        ),
    ),
    (
        "skips_people",
        1.0,
        re.compile(
            r"\b(?:auto[\s-]?)?(?:merge|approve|deploy|push)\b.{0,40}\b(?:without\s+(?:review|"
            r"approval|waiting|a\s+human)|immediately\s+without|directly\s+to\s+(?:main|master))"
            r"|\bthis\s+(?:has\s+been|is|was)\s+(?:already\s+)?(?:pre-?)?(?:approved|authori[sz]ed)"
            r"\s+by\b",
            _I,
        ),
    ),
    (
        "spends_without_end",
        0.7,
        re.compile(
            r"\b(?:repeat|loop|continue|keep\s+going|retry)\b.{0,30}\b(?:forever|endlessly|infinitely"
            r"|indefinitely|until\s+(?:i|you\s+are)\s+(?:say|told)\s+(?:to\s+)?stop|\d{4,}\s+times)",
            _I,
        ),
    ),
    (
        "touches_the_workshop",
        0.7,
        re.compile(
            r"\.git/hooks|\bgit\s+push\s+(?:-f|--force)|\.github/workflows/\S+\s+(?:to|so\s+that)\b"
            r"|\bauthorized_keys\b|/etc/(?:passwd|shadow)|~/\.(?:ssh|aws|netrc)",
            _I,
        ),
    ),
)
_TAGS = re.compile("[\U000e0020-\U000e007f]{2,}")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_ZERO_WIDTH = re.compile("[\u200b\u2060-\u2064\ufeff\u00ad]")
_BETWEEN_LETTERS = re.compile("(?<=[A-Za-z])[\u200b-\u200d\u2060-\u2064\ufeff\u00ad](?=[A-Za-z])")
_HIDDEN_BLOCK = re.compile(
    r"<!--(.*?)(?:-->|\Z)|<\w+[^>]*(?:display\s*:\s*none|visibility\s*:\s*hidden"
    r"|font-size\s*:\s*0|\bhidden\b)[^>]*>(.*?)</",
    _I | re.DOTALL,
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,2000}={0,2}")


@dataclass(frozen=True)
class Suspicion:
    """`score`: the sum of the weights of `signs`."""

    score: float = 0.0
    signs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suspect:
    """A text that is too suspicious to be used unseen; `subject` is its digest."""

    name: str
    subject: str
    suspicion: Suspicion


@lru_cache(maxsize=512)
def look(text: str) -> Suspicion:
    """The signs in a text, also in what it hides from people."""
    text = text[:_LONGEST]
    found: dict[str, float] = {}
    plain = _readable(text)
    for name, weight, pattern in SIGNS:
        if pattern.search(plain):
            found[name] = weight
    if _TAGS.search(text):
        found["tag_characters"] = 1.0
    if _BIDI.search(text):
        found["turned_direction"] = 0.5
    if len(_BETWEEN_LETTERS.findall(text)) > 2:
        found["split_words"] = 0.6
    for hidden in _HIDDEN_BLOCK.finditer(text):
        inside = _readable(hidden[1] or hidden[2] or "")
        if any(pattern.search(inside) for _, _, pattern in SIGNS):
            found["commands_where_nobody_looks"] = 0.7
    for coded in list(_BASE64.finditer(text))[:20]:
        inside = _decoded(coded[0])
        if inside and any(pattern.search(inside) for _, _, pattern in SIGNS):
            found["commands_in_code"] = 1.0
    return Suspicion(round(sum(found.values()), 2), tuple(found))


def _readable(text: str) -> str:
    """As a model would understand it: tag characters as letters, look-alikes as themselves."""
    text = "".join(chr(ord(c) - 0xE0000) if 0xE0020 <= ord(c) <= 0xE007E else c for c in text)
    text = _ZERO_WIDTH.sub("", _BIDI.sub("", text)).replace("\u200c", "").replace("\u200d", "")
    return unicodedata.normalize("NFKC", text)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def suspects(texts: Iterable[tuple[str, str, bool]]) -> tuple[Suspect, ...]:
    """Those that are too suspicious. Each is (name, text, whether it is of the repository)."""
    found = []
    for name, text, in_repository in texts:
        suspicion = look(text)
        if suspicion.score >= (HIGH_IN_FILES if in_repository else HIGH):
            found.append(Suspect(name, digest(text), suspicion))
    return tuple(found)


def decide(found: Iterable[Suspect], vouched: frozenset[str]) -> Verdict:
    """WAIT for a person to look at the first text that nobody has let pass; else ALLOW."""
    for one in found:
        if one.subject in vouched:
            continue
        signs = ", ".join(one.suspicion.signs).replace("_", " ")
        reason = (
            f"{one.name} reads as if it tried to command the model ({signs}). Is it meant that way?"
        )
        return wait("suspicious_text", reason, Gate.PAUSED).model_copy(
            update={"subject": one.subject}
        )
    return allow("nothing_suspicious")


# What stands in the repository, among the parts of a call; all else people wrote in the story.
_OF_REPOSITORY = frozenset({"files", "excerpts", "instructions", "tree", "diff", "results"})
# What code of ours or a model made of texts that were looked at before.
_OURS = frozenset({"spec", "plan", "task", "conventions", "failure"})


def texts_of(package: dict[str, object]) -> Iterable[tuple[str, str, bool]]:
    """The foreign texts of a call by their places (`story body`, `files src/a.py`)."""
    for part, value in package.items():
        if part not in _OURS:
            for name, text in _strings(part, value):
                yield name, text, part in _OF_REPOSITORY


def _strings(name: str, value: object) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(f"{name} {key}", item)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value, 1):
            yield from _strings(f"{name} {number}", item)
