"""How a project's code is written, counted in the code itself (C5, §5.3).

Promises: the same files give the same profile; every answer is a vote of cases that were seen,
with the places; single words, which fit every way of naming, do not vote. Reads a bounded, evenly
spread sample. Never: runs anything of the project.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from bot.codebase import instructions
from bot.codebase.linters import tools
from bot.codebase.manifests import Manifests, Read
from bot.codebase.profile import Found, ProjectProfile, vote
from bot.codebase.tally import WIDTH, WIDTHS, Tallies, Tally, case_of, read_tallies
from bot.codebase.toolchain import frameworks, package_manager, test_framework

SAMPLE = 100  # code files that are read, and half as many tests

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


def scan(
    paths: Iterable[str],
    read: Read,
    subjects: Sequence[str] = (),
    tallies: Tallies | None = None,
) -> ProjectProfile:
    """The profile of a project.

    `subjects`: subjects of its last commits, the newest first. `tallies`: what `tally` says of
    the files (path, language, whether it is a test) that are asked for; they are read by default.
    """
    known = sorted(set(paths))
    code = [path for path in known if _language(path)]
    counted = Counter(_language(path) for path in code if not _ASIDE.search(path))
    counted = counted or Counter(map(_language, code))
    languages = tuple(sorted(counted.items(), key=lambda one: (-one[1], one[0])))
    language = languages[0][0] if languages else ""
    own = [path for path in code if _language(path) == language and not _ASIDE.search(path)]
    tests = [path for path in own if TEST.search(path)]
    sample = _spread([path for path in own if not TEST.search(path)], SAMPLE)
    wanted = [(path, language, False) for path in sample]
    wanted += [(path, language, True) for path in _spread(tests, SAMPLE // 2)]
    said = tallies(wanted) if tallies else read_tallies(wanted, read)
    styles = _file_names(own) | _styles(said)
    place = vote((_place(path), path, 1) for path in tests if _CASES.search(path))
    if place:
        styles["tests live"] = place
    manifests = Manifests(frozenset(known), read)
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


def _spread(paths: Sequence[str], limit: int) -> list[str]:
    """Evenly spread over the sorted paths, so that every part of the project has its say."""
    step = max(1.0, len(paths) / limit)
    return [paths[int(n * step)] for n in range(min(limit, len(paths)))]


def _file_names(paths: Sequence[str]) -> dict[str, Found]:
    cases = ((case_of(PurePosixPath(path).name.split(".")[0]), path) for path in paths)
    found = vote((case, path, 1) for case, path in cases if case)
    return {"file names": found} if found else {}


def _styles(said: Mapping[str, Tally]) -> dict[str, Found]:
    """The answers that the files together give, in the order of the questions."""
    cases: dict[str, list[tuple[str, str, int]]] = {}
    for path, tally_of_file in said.items():
        for question, answers in tally_of_file.items():
            cases.setdefault(question, []).extend((a, path, n) for a, n in answers.items())
    found: dict[str, Found] = {}
    for question in sorted(cases, key=lambda one: (one.startswith("tests"), one)):
        answer = _usual_width(cases[question]) if question == WIDTH else vote(cases[question])
        if answer:
            found[question] = answer
    return found


def _usual_width(cases: Sequence[tuple[str, str, int]]) -> Found | None:
    """The smallest usual limit that nearly all lines keep."""
    total = sum(count for _, _, count in cases)
    for limit in WIDTHS:
        within = sum(count for width, _, count in cases if int(width) <= limit)
        if within >= total * 0.995:
            return Found(f"at most {limit}", round(within / total, 3), 0.9, total)
    return None


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
        (next((n for n, sign in _COMMITS.items() if sign.match(subject)), "free"), "", 1)
        for subject in subjects
        if not re.match(r"Merge |Revert |Bump |\[pre-commit|Release |v?\d+\.\d+", subject)
    ]
    found = vote(cases)
    if found is None:
        return None
    numbered = sum(bool(re.search(r"\(#\d+\)$", subject)) for subject in subjects)
    value = found.value + (" (#N at the end)" if numbered > len(subjects) / 2 else "")
    return Found(value, found.share, found.confidence, found.seen, ())
