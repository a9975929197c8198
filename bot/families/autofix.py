"""The known family `autofix`: findings of a linter or SAST tool that have an exact fix.

Promises: no model. The tools see only the named rules and paths; success is the tools' own count
before and after, never an exit code. What has no exact fix, or more than one meaning, becomes a
question (S19). Runs nothing itself: it hands out argument lists for a sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath

from bot.families import autofix_text, bump, rewrite
from bot.families.lint_rules import CAREFUL, DEFUSED, FORMAT, REWRITTEN, rules
from bot.families.lint_settings import settings
from bot.families.outcomes import Already, NotThis, Question
from bot.story.vocabulary import Finding, Value

Read = Callable[[str], str | None]

# Safe fixes only: the bold ones of these change what other modules can import.
_CAUTIOUS = {"F401", "F811"}
CHECKSUMS = "S324"
MAX_TEXT = 12_000
MAX_SOURCE = 300_000  # characters of a file that is looked at before anything is promised


class Step(Value):
    """One command: `tool` is `ruff` or `rewrite` (`python -m bot.families.rewrite`)."""

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

    @property
    def rewrites(self) -> tuple[str, ...]:
        """The rules of `bot.families.rewrite` that it takes, none where other tools do more."""
        [*steps] = [step for step in self.fix if step.tool == "rewrite"]
        return tuple(steps[0].arguments[1].split(",")) if len(steps) == len(self.fix) == 1 else ()

    @property
    def by_exit_code(self) -> bool:
        """Whether the count is an exit code (`judge_format`) and not a report (`judge`)."""
        return self.rules == (FORMAT,)


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
    bare = re.sub(r"^as an? .{1,60}?,? i want (?:to )?(?:have )?(?:no )?", "", bare, flags=re.I)
    if autofix_text.other_work(bare, body):
        return NotThis(reason="asks for other work")
    wanted = autofix_text.wanted(bare, title, body)
    if not wanted:
        if autofix_text.names_a_tool(bare):
            return Question(kind="which_rule", message="the story names no rule that is known here")
        return NotThis(reason="names no finding of a linter")
    if unfixable := [c for c in wanted if c in rules() and not rules()[c].fixable]:
        return _no_fix(unfixable)
    unsaid = autofix_text.unsaid(wanted, f"{title}\n{body}")
    if set(unsaid) - {CHECKSUMS}:
        return _no_fix(unsaid)
    files = sorted(set(list_files()))
    paths, excluded, unknown = _scope(f"{title}\n{body}", files)
    if unknown:
        details = {"paths": unknown}
        return Question(kind="no_such_path", message=f"no file {unknown[0]}", details=details)
    if unsaid and "." in paths:
        return _no_fix(unsaid)
    told = [rewrite.CHECKSUM if code in unsaid else code for code in wanted]
    if hindrance := _hindrance(told, paths, files, read):
        return Question(kind="not_fixable", message=hindrance, details={"rules": wanted})
    return _steps(wanted, told, paths, excluded, read)


def _hindrance(codes: list[str], paths: list[str], files: list[str], read: Read) -> str:
    """Why rules that cannot mend every place are not promised for these files; '': nothing."""
    careful = [code for code in codes if code in CAREFUL or code == rewrite.CHECKSUM]
    if careful and {*careful} & DEFUSED and not _declares("defusedxml", files, read):
        return "no manifest declares defusedxml, which the fix needs"
    for path in paths if careful else ():
        text = read(path) if path in files else None
        if path in files and (text is None or len(text) > MAX_SOURCE):
            return f"no exact fix is known for {', '.join(careful)}: {path} cannot be read"
        try:
            left = rewrite.look(text, careful).left if text else ()
        except rewrite.UNREADABLE as error:
            return f"{path} cannot be parsed ({type(error).__name__})"
        if left:
            more = f", and {len(left) - 1} more" if len(left) > 1 else ""
            return f"{path}:{left[0][0]}: {left[0][1]}{more}"
    return ""


def _declares(package: str, files: list[str], read: Read) -> bool:
    return any(one.entry.name == package for one in bump.holdings(lambda: files, read))


def _no_fix(codes: list[str]) -> Question:
    names = [f"{code} ({rules()[code].name})" for code in codes]
    message = f"no exact fix is known for {', '.join(names)}"
    return Question(kind="not_fixable", message=message, details={"rules": codes})


_PATH = re.compile(r"(?<![\w/.-])(?:\./)?([\w.-]+(?:/[\w.-]+)*/?)(?![\w/-])")
_PLACE = re.compile(
    r"\b(?:in|under|of|inside|within|across|from|for|below)\s+(?:the\s+)?[`'\"]?([\w./-]+?)[`'\"]?"
    r"(?:\s+(?:package|folder|directory|module|tree))?(?=[\s.,;:)]|$)"
)
_MODULE = re.compile(
    r"\b(?:module|package|folder|directory)\s+[`'\"]?([A-Za-z_][\w.]*\w)"
    r"|\b(?:in|of|under|from)\s+(?:the\s+)?[`'\"]?([A-Za-z_][\w.]*\w)[`'\"]?"
    r"\s+(?:module|package|folder|directory)\b"
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
    if not named:
        named = [place for m in _MODULE.finditer(text) if (place := _module(m, python, folders))]
    kept = [path for path in dict.fromkeys(named) if path not in excluded]
    unknown = [] if kept else [name for name in unknown if "/" in name or len(unknown) == 1]
    inside = [p for p in kept if not any(p.startswith(f"{o}/") for o in kept)]
    return inside or ["."], excluded, [] if inside else unknown


def _module(match: re.Match[str], python: list[str], folders: set[str]) -> str | None:
    """The one folder of a package, or file of a module, that is called by its dotted name."""
    path = (match[1] or match[2]).replace(".", "/")
    places = [*python] if "module" in match[0] else [*folders]
    found = [p for p in places if p.removesuffix(".py") == path]
    found = found or [p for p in places if p.removesuffix(".py").endswith(f"/{path}")]
    return found[0] if len(found) == 1 else None


def _files_called(token: str, python: list[str]) -> list[str]:
    if token in python:
        return [token]
    return [path for path in python if path.endswith(f"/{token}")][:5]


def _steps(
    wanted: list[str], told: list[str], paths: list[str], excluded: list[str], read: Read
) -> Autofix:
    """`told`: the rules as the rewriting is told them."""
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
    # The short report: whole paths and texts of a large project would not fit the kept output.
    report = ("--output-format", "concise", "--exit-zero")
    count = ("check", *quiet, "--select", ",".join(codes), *report, "--", *where)
    return Autofix(
        rules=tuple(codes),
        paths=tuple(paths),
        count=Step(tool="ruff", arguments=count),
        fix=tuple(_fixes([code for code in told if code != FORMAT], quiet, where)),
        subject=_subject(codes),
        criteria=tuple(f"no fixable {_named(code)} is left in {_list(paths)}" for code in codes),
    )


def _fixes(codes: list[str], quiet: tuple[str, ...], where: tuple[str, ...]) -> Iterable[Step]:
    own = [code for code in codes if code in {*REWRITTEN, rewrite.CHECKSUM}]
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


_ROW = re.compile(
    r"(?P<path>.+?):(?P<line>\d+):\d+: (?P<rule>[\w-]+):? (?P<fix>\[\*\] )?(?P<said>.*)"
)


def findings(report: str) -> tuple[int, tuple[Finding, ...]]:
    """(number of findings, those that the report shows), out of ruff's short report.

    Severity is `blocking` where ruff has a fix. Files that do not parse count for nothing. Raises
    ValueError if the report has no last line: then ruff did not come to its end.
    """
    totals = re.findall(r"^Found (\d+) errors?\.|^All checks passed!", report, re.MULTILINE)
    if not totals:
        raise ValueError("the linter did not finish its report")
    rows = [row for line in report.splitlines() if (row := _ROW.fullmatch(line.strip()))]
    broken = sum(row["rule"] == "invalid-syntax" for row in rows)
    found = tuple(
        Finding(
            severity="blocking" if row["fix"] else "suggestion",
            message=row["said"][:300],
            path=row["path"],
            line=int(row["line"]),
            rule=row["rule"],
        )
        for row in rows
        if row["rule"] != "invalid-syntax"
    )
    return max(len(found), int(totals[-1] or 0) - broken), found


def judge(before: str, after: str) -> Judged | Already:
    """Compares two reports of `count`. `Already` if there was nothing to fix; ValueError."""
    old, _ = findings(before)
    new, shown = findings(after)
    if not old:
        return Already(message="the tool finds nothing before the change")
    tolerated = tuple(f for f in shown if _must_stay(f))
    fixed = max(0, old - new)
    return Judged(
        before=old,
        after=new,
        fixed=fixed,
        complete=fixed > 0 and new == len(tolerated),
        left=tuple(f for f in shown if not _must_stay(f)),
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
