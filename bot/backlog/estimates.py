"""Inputs for an item that nobody gave any: an estimate with its reason (B2).

Promises: pure; the same item gets the same estimate, and each says what it was made from.
"""

from __future__ import annotations

import re

from bot.story.item_events import Authority, Family, Input, Inputs, Provenance

# (value, time criticality, risk reduction, size)
_BY_FAMILY = {
    Family.FEATURE: (5, 3, 2, 5),
    Family.BUG: (5, 5, 3, 3),
    Family.SECURITY: (5, 8, 8, 3),
    Family.DEBT: (2, 1, 3, 3),
    Family.TEST: (2, 2, 3, 2),
    Family.DOCS: (2, 1, 1, 2),
    Family.OPERATIONS: (3, 3, 3, 2),
}
# (value, time criticality); a security item's risk is as its severity
_BY_IMPORTANCE = {"critical": (13, 13), "high": (8, 8), "medium": (5, 3), "low": (2, 1)}
_RISK = {"critical": 13, "high": 8, "medium": 5, "low": 2}
_STEP = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+\S", re.MULTILINE)

_GUESSES = (
    (Family.SECURITY, r"cve-\d|ghsa-|vulnerab|xss|csrf|sql injection|sanitiz|sanitis|\bsecrets?\b"),
    (Family.BUG, r"\bbugs?\b|\bfix(?:es|ed)?\b|\bcrash|\bbroken\b|\berrors?\b|\bfails?\b|\bwrong\b"
                 r"|\bregression|exception|traceback|does not work|doesn't work|times? out"),
    (Family.TEST, r"\btests?\b|\bcoverage\b|\bflaky\b"),
    (Family.DOCS, r"\bdocs?\b|documentation|\breadme\b|\btypo|\bmanual\b|\bchangelog\b|docstring"),
    (Family.OPERATIONS, r"\bci\b|\bpipeline|\bdeploy|\bdocker|\bkubernetes|\bbuild\b|\bmonitoring"
                        r"|\bgithub actions?\b|\binfrastructure|\bworkflow"),
    (Family.DEBT, r"\brefactor|\bclean ?up|\bdeprecat|\btech(?:nical)? debt|\bremove unused"
                  r"|\bsimplif|\brename\b|\bupgrade\b|\bbump\b|\bmigrat|\bperformance\b"),
)  # fmt: skip
_GUESS = [(family, re.compile(words, re.IGNORECASE)) for family, words in _GUESSES]


def guessed_family(title: str) -> tuple[Family, str]:
    """A family by the words of the title, and which word it was."""
    for family, words in _GUESS:
        if found := words.search(title):
            return family, f"the title says “{found[0].strip()}”"
    return Family.FEATURE, "nothing says otherwise"


def estimated(family: Family, body: str, *, has_due_date: bool = False) -> Inputs:
    """All four inputs, from what kind of work it is and how much of it is listed."""
    value, time, risk, size = _BY_FAMILY[family]
    reasons = dict.fromkeys(("value", "time", "risk", "size"), f"usual for {family}")
    steps = len(_STEP.findall(body[:20_000]))
    if steps >= 3:
        size = 8 if steps >= 8 else 5
        reasons["size"] = f"{steps} points are listed"
    if has_due_date:
        time, reasons["time"] = 8, "it has a due date"
    told = {"value": value, "time": time, "risk": risk, "size": size}
    return Inputs(
        **{name: _input(Authority.ESTIMATE, number, reasons[name]) for name, number in told.items()}
    )


def by_importance(level: str, family: Family, word: str) -> Inputs:
    """Value and time criticality of something critical | high | medium | low; `word`: who says."""
    value, time = _BY_IMPORTANCE[level]
    risk = {"risk": _RISK[level]} if family is Family.SECURITY else {}
    told = {"value": value, "time": time, **risk}
    reason = f"{word} {level}"
    return Inputs(**{n: _input(Authority.PRIORITY, number, reason) for n, number in told.items()})


def _input(authority: Authority, number: int, reason: str) -> Input:
    return Input(number=number, origin=Provenance(authority=authority, reason=reason))


def stronger(*tables: Inputs) -> Inputs:
    """The first input given of each kind."""
    return Inputs(
        **{
            name: next((one for table in tables if (one := getattr(table, name))), None)
            for name in Inputs.model_fields
        }
    )
