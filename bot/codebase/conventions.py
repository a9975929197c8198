"""How a project's code is written, counted in the code itself (C5, §5.3).

Promises: the same files give the same profile; every answer is a vote of cases that were seen,
with the places; single words, which fit every way of naming, do not vote. Reads a bounded, evenly
spread sample. Never: runs anything of the project.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from bot.codebase import instructions
from bot.codebase.linters import tools
from bot.codebase.manifests import Manifests, Read
from bot.codebase.profile import Found, ProjectProfile, vote
from bot.codebase.style_signs import CONSTANTS, DEFINITIONS, SIGNS, TEST_SIGNS
from bot.codebase.toolchain import frameworks, package_manager, test_framework

SAMPLE = 100  # code files that are read, and half as many tests
MAX_CASES = 40  # of one file, so that one big file does not outvote the others
MAX_SOURCE = 300_000  # characters

LANGUAGES = {
    ".py": "python", ".pyi": "python", ".ts": "typescript", ".tsx": "typescript",
    ".mts": "typescript", ".js": "javascript", ".jsx": "javascript", ".mjs": "javascript",
    ".cjs": "javascript", ".go": "go", ".rs": "rust", ".java": "java", ".c": "c", ".h": "c",
    ".cc": "cpp", ".cpp": "cpp", ".hpp": "cpp", ".rb": "ruby", ".php": "php", ".cs": "csharp",
    ".kt": "kotlin", ".swift": "swift", ".sh": "shell",
}  # fmt: skip
_ASIDE = re.compile(
    r"(^|/)(vendor|_vendor|third_party|node_modules|dist|build|docs?|examples?|migrations|"
    r"testdata|fixtures|\.[^/]+)/|\.min\.js$|_pb2?\.|\.pb\.go$|zz_generated|\.d\.ts$"
)
TEST = re.compile(
    r"(^|/)(tests?|testing|__tests__|specs?)/|(^|/)(test_[^/]*|conftest\.py)$|"
    r"[_.](test|spec|tests)\.\w+$|Test\.java$"
)
_CASES = re.compile(r"(^|/)test_[^/]*$|[_.](test|spec|tests)\.\w+$|Test\.java$")


def scan(paths: Iterable[str], read: Read, subjects: Sequence[str] = ()) -> ProjectProfile:
    """The profile of a project. `subjects`: subjects of its last commits, the newest first."""
    known = sorted(set(paths))
    code = [path for path in known if _language(path)]
    counted = Counter(_language(path) for path in code if not _ASIDE.search(path))
    counted = counted or Counter(map(_language, code))
    languages = tuple(sorted(counted.items(), key=lambda one: (-one[1], one[0])))
    language = languages[0][0] if languages else ""
    own = [path for path in code if _language(path) == language and not _ASIDE.search(path)]
    tests = [path for path in own if TEST.search(path)]
    sources = _texts([path for path in own if path not in set(tests)], read, SAMPLE)
    test_texts = _texts(tests, read, SAMPLE // 2)
    manifests = Manifests(frozenset(known), read)
    styles = {**_naming(language, sources), **_signs(SIGNS.get(language, {}), sources)}
    styles |= _layout(sources) | _signs(TEST_SIGNS.get(language, {}), test_texts)
    if place := vote((_place(path), path) for path in tests if _CASES.search(path)):
        styles["tests live"] = place
    return ProjectProfile(
        languages=languages,
        package_manager=package_manager(manifests, language),
        frameworks=frameworks(manifests),
        test_framework=test_framework(manifests, language),
        directories=_directories(own),
        styles=styles,
        tools=tools(manifests),
        commits=commit_style(subjects),
        instructions=tuple(one.path for one in instructions.find(known, read)),
    )


def _language(path: str) -> str:
    return LANGUAGES.get(PurePosixPath(path).suffix.lower(), "")


def _texts(paths: Sequence[str], read: Read, limit: int) -> dict[str, str]:
    """Evenly spread over the sorted paths, so that every part of the project has its say."""
    step = max(1.0, len(paths) / limit)
    chosen = [paths[int(n * step)] for n in range(min(limit, len(paths)))]
    texts = {path: read(path) or "" for path in chosen}
    return {path: text for path, text in texts.items() if 0 < len(text) <= MAX_SOURCE}


def case_of(name: str) -> str | None:
    """The way of writing of a name; None for one that fits several (`run`, `x`, `ID`)."""
    bare = name.strip("_")
    if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", bare):
        return "snake_case"
    if re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", bare):
        return "UPPER_SNAKE_CASE"
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", bare):
        return "kebab-case"
    if re.fullmatch(r"[a-z][a-z0-9]*([A-Z][A-Za-z0-9]*)+", bare):
        return "camelCase"
    if re.fullmatch(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*", bare):
        return "PascalCase"
    return None


def _naming(language: str, sources: dict[str, str]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    stems = [(case_of(PurePosixPath(path).name.split(".")[0]), path) for path in sources]
    questions = {"file names": [(case, path) for case, path in stems if case]}
    patterns = {**DEFINITIONS.get(language, {}), "constants": CONSTANTS.get(language)}
    for what, pattern in patterns.items():
        if pattern is None:
            continue
        questions[f"names of {what}"] = [
            (case, path)
            for path, text in sources.items()
            for name in pattern.findall(text)[:MAX_CASES]
            if (case := case_of(name))
        ]
    for question, cases in questions.items():
        if answer := vote(cases):
            found[question] = answer
    return found


def _signs(
    questions: dict[str, dict[str, re.Pattern[str]]], texts: dict[str, str]
) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for question, answers in questions.items():
        cases = [
            (answer, path)
            for path, text in texts.items()
            for answer, pattern in answers.items()
            for _ in range(min(len(pattern.findall(text)), MAX_CASES))
        ]
        if answer := vote(cases):
            found[question] = answer
    return found


def _layout(texts: dict[str, str]) -> dict[str, Found]:
    """Indentation and line length as they are, whatever a configuration says."""
    indents: list[tuple[str, str]] = []
    longest: list[tuple[int, str]] = []
    for path, text in texts.items():
        lines = text.splitlines()
        steps = _steps(lines)
        if steps:
            indents.append((steps.most_common(1)[0][0], path))
        longest += [(len(line.expandtabs(4)), path) for line in lines]
    found: dict[str, Found] = {}
    if answer := vote(indents):
        found["indentation"] = answer
    if longest:
        longest.sort()
        limit = longest[int(len(longest) * 0.995)][0]
        usual = next((n for n in (79, 88, 100, 120) if limit <= n), None)
        if usual:
            over = [one for one in longest if one[0] > usual]
            share = 1 - len(over) / len(longest)
            seen = len(longest)
            found["line length"] = Found(f"at most {usual}", round(share, 3), 0.9, seen)
    return found


def _steps(lines: Sequence[str]) -> Counter[str]:
    """How far a line is indented beyond the line before it."""
    steps: Counter[str] = Counter()
    before = ""
    for line in lines:
        if not line.strip():
            continue
        now = line[: len(line) - len(line.lstrip())]
        if now.startswith(before) and len(now) > len(before):
            more = now[len(before) :]
            if more == "\t":
                steps["tabs"] += 1
            elif more in ("  ", "    ", "        "):
                steps[f"{len(more)} spaces"] += 1
        before = now
    return steps


def _place(path: str) -> str:
    pure = PurePosixPath(path)
    form = re.sub(r"^(test_).*(\.\w+)$|^.*?([_.](?:test|spec|tests)\.\w+)$", _form, pure.name)
    form = form if form != pure.name else f"*{pure.suffix}"
    for at, part in enumerate(pure.parts[:-1]):
        if part in ("tests", "test", "__tests__", "spec", "testing"):
            top = "/".join(pure.parts[: at + 1]) if at < 2 and part != "__tests__" else f"**/{part}"
            return f"{top}/**/{form}"
    return f"beside the code as {form}"


def _form(match: re.Match[str]) -> str:
    return f"{match[1]}*{match[2]}" if match[1] else f"*{match[3]}"


def _directories(paths: Sequence[str]) -> Found | None:
    """The folders that hold most of the code, with how many files each has."""
    tops: Counter[str] = Counter()
    for path in paths:
        parts = PurePosixPath(path).parts[:-1]
        depth = 2 if parts[:1] in (("src",), ("packages",), ("pkg",), ("lib",)) else 1
        tops["/".join(parts[:depth]) or "."] += 1
    if not tops:
        return None
    best = sorted(tops.items(), key=lambda one: (-one[1], one[0]))[:6]
    text = ", ".join(
        f"{folder}/ ({count})" if folder != "." else f"root ({count})" for folder, count in best
    )
    share = sum(count for _, count in best) / len(paths)
    return Found(text, round(share, 3), 1.0, len(paths), tuple(folder for folder, _ in best))


_COMMITS = {
    "Conventional Commits (type(scope): summary)": re.compile(
        r"(feat|fix|docs?|chore|refactor|test|ci|build|perf|style|revert)(\([^)]*\))?!?: \S"
    ),
    "[area] summary": re.compile(r"\[[^\]]+\] ?\S"),
    "area: summary": re.compile(r"[\w./*{},-]+(, ?[\w./-]+)*: \S"),
    "Fixed #N -- summary": re.compile(r"(Fixed|Refs|Fixes) #\d+ -- "),
    "Summary, capitalised": re.compile(r"[A-Z]"),
    "summary, lower case": re.compile(r"[a-z]"),
}


def commit_style(subjects: Sequence[str]) -> Found | None:
    """How commit subjects are written; merges, bots' bumps and reverts do not vote."""
    cases = [
        (next((n for n, sign in _COMMITS.items() if sign.match(subject)), "free"), "")
        for subject in subjects
        if not re.match(r"Merge |Revert |Bump |\[pre-commit|Release |v?\d+\.\d+", subject)
    ]
    found = vote(cases)
    if found is None:
        return None
    numbered = sum(bool(re.search(r"\(#\d+\)$", subject)) for subject in subjects)
    value = found.value + (" (#N at the end)" if numbered > len(subjects) / 2 else "")
    return Found(value, found.share, found.confidence, found.seen, ())
