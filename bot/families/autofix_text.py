"""Reading a story for findings of a linter: which rules it asks to have fixed.

Promises: a story that merely mentions a rule, a tool or a word like "format" gives nothing. Pure:
text in, rule codes out.
"""

from __future__ import annotations

import re

from bot.families.lint_rules import FORMAT, REWRITTEN, codes_in, named, phrases_in

_OTHER_WORK = re.compile(
    r"^(?:feat(?:ure)?\b[^:]*:\s*)?(?:add|enable|configure|ignore|disable|implement|support|document"
    r"|introduce|create|allow|suppress|install|set ?up|upgrade|bump|update|exclude|turn (?:on|off)"
    r"|extend|expose|provide|rename|deprecate|investigate|write|show|report|handle|test|explain"
    r"|build|print|warn|detect|integrate|make)\b",
    re.IGNORECASE,
)
_FIXING = (
    r"(?:fix(?:es|ed|ing)?|resolv\w+|clean(?:ing)?[ -]?up|clean|remov\w+|drop|delet\w+|address"
    r"|correct|sort|replac\w+|use|apply|run|(?:re)?format|eliminat\w+|get rid of|autofix|auto-fix"
    r"|lint|tidy(?: up)?|switch|convert|moderni[sz]e|simplify|strip|organi[sz]e|reorder|avoid"
    r"|stop using|prefer|do not use|don't use|migrate)"
)
_FILLER = (
    r"(?:all|any|the|our|every|of|from|some|remaining|more|away|from|with|code|source|python|these"
    r"|those|ruff|flake8|pylint|bandit|lint(?:er|ing)?|unsafe|insecure|uses?|usages?|calls?|to|a|an"
    r"|black|isort|\d+|is|are|issues?|warnings?|findings?|violations?|errors?|rule|project|whole|\W+)"
)
_LINT = re.compile(
    r"\b(?:lint\w*|ruff|flake8|pylint|pyflakes|pycodestyle|bandit|isort|black|sast|semgrep|codeql"
    r"|static analysis|code scanning|code quality|code style|formatt(?:er|ing)|violations?"
    r"|clean ?up|sonar\w*|security (?:finding|scan\w*|hotspot|linter))\b",
    re.IGNORECASE,
)
_LINTER = r"(?:lint\w*|ruff|flake8|pylint|bandit|sast|static analysis|code scanning)"
_ALARM = re.compile(r"\b(?:unsafe|insecure|security|vulnerab\w*|weak|hotspot)\b", re.IGNORECASE)
_ABOUT_TOOL = re.compile(
    r"\b(?:ci|config\w*|pre-commit|workflow|github action|plugin|badge)\b", re.I
)
# A title that speaks of a behaviour is not about a finding, whatever its text mentions besides.
_BEHAVIOUR = re.compile(
    r"\b(?:crash\w*|fail\w*|errors? when|bugs?|broken|wrong|support\w*|allow|option|feature"
    r"|slow\w*|performance|parse[sr]?|parsing|return(?:s|ed) (?!type)|raises?|timeouts?|api|cli"
    r"|users?|docs?|documentation|readme|release|version)\b",
    re.IGNORECASE,
)
_HAPPY = re.compile(r"^make\b.{0,40}\b(?:happy|pass\w*|clean|green|silent|quiet)\b", re.I)
# What may stand before the words for a finding: nothing, a request, or where it is.
_ASKS = re.compile(
    rf"(?:[\w./-]+:\s*)?(?:please\s+)?(?:{_FIXING}(?:\s*\b{_FILLER}){{0,6}}\W*)?"
    r"|(?:the )?(?:code\w*|project|repo\w*|files?|sources?|modules?) (?:is|are)"
    r"|(?:there (?:are|is)|[\w./-]+ (?:has|have|contains?))(?:\s+(?:some|many|several|an?|\d+))?",
    re.IGNORECASE,
)
_AMBIGUOUS = {"W291", "W292", "W293", FORMAT}
_PLAIN = {"S506", "S501", "S324", "S307"}  # their words are of code and of nothing else
_SOURCE = re.compile(
    r"\.pyi?\b|\w/|\b(?:code\w*|repo\w*|project|modules?|packages?|files?|sources?|lines?|src|tests?|lib)\b",
    re.IGNORECASE,
)
_REPORT = re.compile(r"\((?P<rule>[A-Za-z][\w./-]{2,200})\) in [\w./-]+\.pyi?$")
# What has an exact meaning only where a person said that it is meant.
SAID = {
    "S324": re.compile(r"usedforsecurity|not (?:used )?(?:for|a) security|non-?security", re.I),
    "S307": re.compile(r"literal_eval", re.I),
}

# A scanner prints these below every finding; nobody has looked at the code to say them.
_SUGGESTED = re.compile(
    r"consider\s+(?:using\s+)?(?:safer\s+)?`?(?:(?:ast\.)?literal_eval|usedforsecurity\s*=\s*False)`?",
    re.IGNORECASE,
)


def unsaid(codes: list[str], text: str) -> list[str]:
    """Those of the rules whose fix is exact only where a person says so, and none does."""
    told = _SUGGESTED.sub(" ", text)
    return [code for code in codes if code in SAID and not SAID[code].search(told)]


def reported_rules(title: str) -> list[str]:
    """The rules of a title that is a scanner's report: `… (rule) in path`."""
    found = _REPORT.search(title)
    if not found:
        return []
    return named(re.split(r"[./]", found["rule"])[-1]) or codes_in(found["rule"])


def by_number(title: str) -> bool:
    """Whether a scanner's report names a rule by its number, which means one thing only."""
    found = _REPORT.search(title)
    return bool(found and re.fullmatch(r"[A-Z]{1,4}\d{2,5}", found["rule"]))


def other_work(bare: str, body: str = "") -> bool:
    """Whether a title asks for something else than fixing what is there."""
    if reported_rules(bare) or _HAPPY.search(bare) or {*_reported(bare, body)} & REWRITTEN:
        return False
    about_tool = _ABOUT_TOOL.search(bare) and not codes_in(bare)
    return bool(_OTHER_WORK.search(bare) or about_tool)


def builds(bare: str) -> bool:
    """Whether a title begins with a word for something new or for somewhere else."""
    return bool(_OTHER_WORK.search(bare))


def names_a_tool(bare: str) -> bool:
    """Whether a title asks to fix what some linter says, without saying what that is."""
    return bool(re.match(rf"{_FIXING}\b.*\b{_LINTER}\b", bare, re.IGNORECASE))


def wanted(bare: str, title: str, body: str) -> list[str]:
    """The rules that the story asks to fix; none if it only mentions them."""
    lint = bool(_LINT.search(title))
    fixing = bool(re.match(rf"(?:please\s+)?{_FIXING}\b", bare, re.IGNORECASE))
    phrases = phrases_in(bare)
    if codes := reported_rules(bare):
        return codes
    if codes := codes_in(title):
        said = lint or fixing or _LINT.search(body) or {code for _, code in phrases} & {*codes}
        said = said or {*codes} & {*codes_in(body)} or re.match(r"[A-Z]+\d+\W", title)
        return codes if said else []
    behaves = bool(_BEHAVIOUR.search(bare.replace("timeout", "")))
    near = [code for place, code in phrases if code in _PLAIN or (
        not (behaves and code in REWRITTEN)
        and (lint or _ASKS.fullmatch(bare[:place].strip()))
        and _of_code(code, bare[place:], lint)
    )]  # fmt: skip
    if near:
        return _narrowed(list(dict.fromkeys(near)), body, bool(phrases_in(body) or codes_in(body)))
    if lint or (fixing and _LINT.search(body)):
        if not lint and not _about_code(bare):
            return _reported(bare, body)
        found = codes_in(body) or [code for _, code in phrases_in(body)]
        return list(dict.fromkeys(found))
    if _ALARM.search(bare) and _LINT.search(body):
        return [code for code in codes_in(body) if code in REWRITTEN]
    return _reported(bare, body)


def _reported(bare: str, body: str) -> list[str]:
    """The rules of a text that begins with what a tool reports, under a title in plain words."""
    first = next((part for part in re.split(r"\n|(?<=[.!?])\s", body) if part.strip()), "")
    codes = codes_in(first)
    if not codes or not (_LINT.search(first) or _ROW.search(first)) or _BEHAVIOUR.search(bare):
        return []
    return codes


_ROW = re.compile(r"\.pyi?\W{0,3}(?::\s*\d+|line \d+)")


def _of_code(code: str, rest: str, lint: bool) -> bool:
    """Whether words that may be about data are about source code here."""
    if lint or code not in _AMBIGUOUS:
        return True
    tail = re.search(r"\s(?:from|of|in|on|for|to)\s+(.*)", rest)
    return not tail or bool(_SOURCE.search(tail[1]))


def _narrowed(codes: list[str], body: str, more: bool) -> list[str]:
    """A title's words made exact by the body's codes, where they are about the same."""
    named = codes_in(body) if more else []
    if FORMAT in codes and named and FORMAT not in named:
        codes = [code for code in codes if code != FORMAT] or codes
    if codes == ["E711"] and "E712" in named:
        return ["E711", "E712"]
    return [code for code in codes if code in named] or codes


def _about_code(bare: str) -> bool:
    return bool(
        re.search(r"\b(?:warnings?|findings?|issues?|style|violations?|alerts?)\b", bare, re.I)
    )
