"""The known family `autofix`: findings of a linter or SAST tool that have an exact fix.

Promises: no model. The tools see only the named rules and paths; success is the tools' own count
before and after, never an exit code. What has no exact fix, or more than one meaning, becomes a
question (S19). Runs nothing itself: it hands out argument lists for a sandbox.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from bot.stages.family import Already, NotThis, Question
from bot.stages.lint_rules import FORMAT, REWRITTEN, codes_in, phrases_in, rules
from bot.stages.lint_settings import settings
from bot.story.vocabulary import Finding, Value

Read = Callable[[str], str | None]

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
_ABOUT_TOOL = re.compile(
    r"\b(?:ci|config\w*|pre-commit|workflow|github action|plugin|badge)\b", re.I
)
# What has an exact meaning only where a person said that it is meant.
_SAID = {
    "S324": re.compile(r"usedforsecurity|not (?:used )?(?:for|a) security|non-?security", re.I),
    "S307": re.compile(r"literal_eval", re.I),
}
# Safe fixes only: the bold ones of these change what other modules can import.
_CAUTIOUS = {"F401", "F811"}
MAX_TEXT = 12_000


class Step(Value):
    """One command: `tool` is `ruff` or `rewrite` (`python -m bot.stages.rewrite`)."""

    tool: str
    arguments: tuple[str, ...]


class Autofix(Value):
    """What to run, in order: `count`, each of `fix`, `count` again, then `judge`."""

    rules: tuple[str, ...]
    paths: tuple[str, ...]  # "." is the whole repository
    count: Step
    fix: tuple[Step, ...]
    subject: str  # Conventional Commits
    criteria: tuple[str, ...]


class Judged(Value):
    """The two counts side by side. `complete`: nothing is left but what must stay."""

    before: int
    after: int
    fixed: int
    complete: bool
    left: tuple[Finding, ...] = ()
    tolerated: tuple[Finding, ...] = ()  # re-exports and optional imports: no fix keeps them


Outcome = Autofix | Question | NotThis


def detect(title: str, body: str, list_files: Callable[[], Iterable[str]], read: Read) -> Outcome:
    """What this family makes of a story (S19). `list_files` gives repository paths."""
    title, body = title[:300].strip(), body[:MAX_TEXT]
    bare = re.sub(r"^\s*(?:\[[^\]]{1,30}\]\s*|\w+(?:\([^)]*\))?!?:\s*)+", "", title).strip()
    if _OTHER_WORK.search(bare) or (_ABOUT_TOOL.search(bare) and not codes_in(bare)):
        return NotThis(reason="asks for other work")
    wanted = _wanted(bare, title, body)
    if not wanted:
        if (
            _LINT.search(bare)
            and re.match(rf"{_FIXING}\b", bare, re.I)
            and not _ABOUT_TOOL.search(bare)
        ):
            return Question(kind="which_rule", message="the story names no rule that is known here")
        return NotThis(reason="names no finding of a linter")
    if unfixable := [c for c in wanted if c in rules() and not rules()[c].fixable]:
        return _no_fix(unfixable)
    if unsaid := [c for c, said in _SAID.items() if c in wanted and not said.search(title + body)]:
        return _no_fix(unsaid)
    files = sorted(set(list_files()))
    paths, excluded, unknown = _scope(f"{title}\n{body}", files)
    if unknown:
        details = {"paths": unknown}
        return Question(kind="no_such_path", message=f"no file {unknown[0]}", details=details)
    return _steps(wanted, paths, excluded, read)


def _no_fix(codes: list[str]) -> Question:
    names = [f"{code} ({rules()[code].name})" for code in codes]
    message = f"no exact fix is known for {', '.join(names)}"
    return Question(kind="not_fixable", message=message, details={"rules": codes})


def _wanted(bare: str, title: str, body: str) -> list[str]:
    """The rules that the story asks to fix; none if it only mentions them."""
    lint = bool(_LINT.search(title))
    fixing = bool(re.match(rf"(?:please\s+)?{_FIXING}\b", bare, re.IGNORECASE))
    if codes := codes_in(title):
        return codes if lint or fixing or _LINT.search(body) else []
    phrases = phrases_in(bare)
    near = [
        code
        for place, code in phrases
        if lint
        or place <= 1
        or re.fullmatch(
            rf"(?:please\s+)?{_FIXING}(?:\s*\b{_FILLER}){{0,6}}\W*", bare[:place].strip(), re.I
        )
        or code in REWRITTEN
    ]
    if near:
        return _narrowed(list(dict.fromkeys(near)), body, bool(phrases_in(body) or codes_in(body)))
    if lint or (fixing and _LINT.search(body)):
        if not lint and not _about_code(bare):
            return []
        found = codes_in(body) or [code for _, code in phrases_in(body)]
        return list(dict.fromkeys(found))
    return []


def _narrowed(codes: list[str], body: str, more: bool) -> list[str]:
    """A title's words made exact by the body's codes, where they are about the same."""
    named = codes_in(body) if more else []
    if FORMAT in codes and named and FORMAT not in named:
        codes = [code for code in codes if code != FORMAT] or codes
    if codes == ["E711"] and "E712" in named:
        return ["E711", "E712"]
    return codes


def _about_code(bare: str) -> bool:
    return bool(
        re.search(r"\b(?:warnings?|findings?|issues?|style|violations?|alerts?)\b", bare, re.I)
    )


_PATH = re.compile(r"(?<![\w/.-])(?:\./)?([\w.-]+(?:/[\w.-]+)*/?)(?![\w/-])")
_PLACE = re.compile(
    r"\b(?:in|under|of|inside|within|across|from|for|below)\s+(?:the\s+)?[`'\"]?([\w./-]+?)[`'\"]?"
    r"(?:\s+(?:package|folder|directory|module|tree))?(?=[\s.,;:)]|$)"
)
_EXCEPT = re.compile(
    r"\b(?:except(?: for)?|excluding|but not|outside|other than|not in|leave|ignoring|skip)\s+"
    r"(?:the\s+|in\s+|of\s+)*[`'\"]?([\w./-]+)", re.IGNORECASE,
)  # fmt: skip


def _scope(text: str, files: list[str]) -> tuple[list[str], list[str], list[str]]:
    """(paths, excluded paths, named Python files that do not exist)."""
    python = [path for path in files if path.endswith((".py", ".pyi"))]
    folders = {str(parent) for path in python for parent in PurePosixPath(path).parents} - {"."}
    excluded = [
        name
        for match in _EXCEPT.finditer(text)
        if (name := match[1].strip("./")) in folders or name in python
    ]
    named: list[str] = []
    unknown: list[str] = []
    for match in _PATH.finditer(text):
        token = match[1].rstrip("/").rstrip(".")
        if token.endswith((".py", ".pyi")):
            found = _files_called(token, python)
            (named if found else unknown).extend(found or [token])
        elif "/" in match[1] and token in folders:
            named.append(token)
    named += [m[1].strip("./") for m in _PLACE.finditer(text) if m[1].strip("./") in folders]
    kept = [path for path in dict.fromkeys(named) if path not in excluded]
    unknown = [] if kept else [name for name in unknown if "/" in name or len(unknown) == 1]
    inside = [p for p in kept if not any(p.startswith(f"{o}/") for o in kept)]
    return inside or ["."], excluded, [] if inside else unknown


def _files_called(token: str, python: list[str]) -> list[str]:
    if token in python:
        return [token]
    return [path for path in python if path.endswith(f"/{token}")][:5]


def _steps(wanted: list[str], paths: list[str], excluded: list[str], read: Read) -> Autofix:
    own = settings(read)
    # Paths that begin with a dash would be options.
    where = tuple(f"./{path}" if path.startswith("-") else path for path in paths)
    exclude = tuple(a for path in excluded for a in ("--config", f'extend-exclude=["{path}"]'))
    quiet = ("--no-cache", "--force-exclude", *own, *exclude)
    if wanted == [FORMAT]:
        return Autofix(
            rules=(FORMAT,),
            paths=tuple(paths),
            count=Step(tool="ruff", arguments=("format", "--check", *quiet, "--", *where)),
            fix=(Step(tool="ruff", arguments=("format", *quiet, "--", *where)),),
            subject="style: format the code",
            criteria=(f"the formatter would change nothing in {_list(paths)}",),
        )
    codes = [code for code in wanted if code != FORMAT]
    report = ("--output-format", "json", "--exit-zero")
    count = ("check", *quiet, "--select", ",".join(codes), *report, "--", *where)
    return Autofix(
        rules=tuple(codes),
        paths=tuple(paths),
        count=Step(tool="ruff", arguments=count),
        fix=tuple(_fixes(codes, quiet, where)),
        subject=_subject(codes),
        criteria=tuple(f"no fixable {_named(code)} is left in {_list(paths)}" for code in codes),
    )


def _fixes(codes: list[str], quiet: tuple[str, ...], where: tuple[str, ...]) -> Iterable[Step]:
    own = [code for code in codes if code in REWRITTEN]
    if own:
        yield Step(tool="rewrite", arguments=("--rules", ",".join(own), "--", *where))
    bold = [c for c in codes if c in rules() and c not in {*_CAUTIOUS, *own}]
    safe = [c for c in codes if c not in own and c not in bold]
    for group, extra in ((bold, ("--unsafe-fixes",)), (safe, ())):
        if group:
            fix = ("check", *quiet, "--select", ",".join(group), "--fix", *extra)
            yield Step(tool="ruff", arguments=(*fix, "--exit-zero", "--quiet", "--", *where))


def _named(code: str) -> str:
    return f"{code} ({rules()[code].name})" if code in rules() else f"finding of {code}"


def _list(paths: Iterable[str]) -> str:
    return ", ".join("the repository" if path == "." else path for path in paths)


def _subject(codes: list[str]) -> str:
    kind = "fix" if any(code.startswith("S") and code[1:].isdigit() for code in codes) else "style"
    return f"{kind}: correct {', '.join(map(_named, codes[:3]))}" + (" …" if len(codes) > 3 else "")


def findings(report: str) -> tuple[Finding, ...]:
    """The findings in ruff's JSON; severity `blocking` if a fix exists. Raises ValueError."""
    rows = json.loads(report or "[]")
    if not isinstance(rows, list):
        raise ValueError("the report of ruff is not a list")
    return tuple(
        Finding(
            severity="blocking" if row.get("fix") else "suggestion",
            message=str(row.get("message", ""))[:300],
            path=str(row.get("filename", "")),
            line=int((row.get("location") or {}).get("row", 0)),
            rule=str(row.get("code") or ""),
        )
        for row in rows
        if isinstance(row, dict) and row.get("code") not in (None, "invalid-syntax")
    )


def judge(before: str, after: str) -> Judged | Already:
    """Compares two reports of `count` (ruff's JSON). `Already` if there was nothing to fix."""
    old, new = findings(before), findings(after)
    if not old:
        return Already(message="the tool finds nothing before the change")
    tolerated = tuple(f for f in new if _must_stay(f))
    left = tuple(f for f in new if not _must_stay(f))
    fixed = max(0, len(old) - len(new))
    return Judged(
        before=len(old),
        after=len(new),
        fixed=fixed,
        complete=fixed > 0 and not left,
        left=left,
        tolerated=tolerated,
    )


def judge_format(before: int, after: int) -> Judged | Already:
    """Compares the exit codes of two `ruff format --check` (0 clean, 1 not)."""
    if before == 0:
        return Already(message="the formatter would change nothing")
    done = before == 1 and after == 0
    return Judged(before=1, after=int(after != 0), fixed=int(done), complete=done)


def _must_stay(finding: Finding) -> bool:
    """Unused imports that are there for others: re-exports, and those that may be missing."""
    optional = "importlib.util.find_spec" in finding.message
    return finding.rule == "F401" and (optional or finding.path.endswith("__init__.py"))
