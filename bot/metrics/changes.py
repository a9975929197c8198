"""Which changes had to be put right, and when they were (O3); and which item a story is of.

Promises: a change counts as failed once, from the first sign on, and as mended at the first thing
that put it right after that. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from bot.metrics.items import Life
from bot.metrics.stories import Course, Merge

Issue = tuple[str, int]  # id of the repository, number


def judge(courses: Iterable[Course], returned: Iterable[Life]) -> None:
    """Note on the merges what broke and mended them, as the other stories and items tell.

    A story itself knows that the tests of what it merged failed. Others tell of it: a merge that
    takes it back, its item that came back after it was done; and the tests of a later merge that
    pass show that the default branch is well again.
    """
    courses = list(courses)
    _reverted(courses)
    _came_back(courses, returned)
    _well_again(courses)


def _reverted(courses: list[Course]) -> None:
    every = [(one, merge) for one in courses for merge in one.merges]
    shas: dict[str, list[tuple[str, Merge]]] = defaultdict(list)  # by their first characters
    numbers: dict[tuple[str, str], Merge] = {}
    for course, merge in every:
        for sha in {merge.sha, *merge.commits} - {""}:
            shas[sha[:7]].append((sha, merge))
        for number in {course.issue, *course.pulls}:
            numbers[course.repository, f"#{number}"] = merge
    for course, merge in every:
        for name in merge.reverts:
            undone = numbers.get((course.repository, name)) or next(
                (other for sha, other in shas[name[:7]] if sha.startswith(name)), None
            )
            if undone is None or undone is merge:
                continue
            seen = course.received if course.received and course.received > undone.at else merge.at
            _fail(undone, seen, merge.at)
            break


def _came_back(courses: list[Course], returned: Iterable[Life]) -> None:
    by_issue = {(one.repository, one.issue): one for one in courses}
    for life in returned:
        course = next((by_issue[name] for name in sorted(_named(life)) if name in by_issue), None)
        if course is None:
            continue
        for at, again in life.returned:
            before = [merge for merge in course.merges if merge.at <= at]
            if before:
                _fail(before[-1], at, again)


def _fail(merge: Merge, broke: datetime, mended: datetime | None) -> None:
    if merge.broke is None or broke < merge.broke:
        merge.broke = broke
    if mended is not None and (merge.mended is None or mended < merge.mended):
        merge.mended = mended


def _well_again(courses: list[Course]) -> None:
    passed: dict[str, list[datetime]] = defaultdict(list)
    for one in courses:
        passed[one.repository] += [run.at for run in one.runs if run.merged and run.ran and run.ok]
    for moments in passed.values():
        moments.sort()
    for one in courses:
        for merge in one.merges:
            if merge.tests_failed is None:
                continue
            moments = passed[one.repository]
            later = bisect_right(moments, merge.tests_failed)
            if later < len(moments):
                _fail(merge, merge.tests_failed, moments[later])


def issues_of(lives: Iterable[Life]) -> set[Issue]:
    """The issues that these items are."""
    return {name for life in lives for name in _named(life)}


def known_since(lives: Iterable[Life]) -> dict[Issue, datetime]:
    """Since when what an issue asks for is known."""
    found: dict[Issue, datetime] = {}
    for life in lives:
        for name in _named(life):
            found[name] = min(life.since, found.get(name, life.since))
    return found


def _named(life: Life) -> set[Issue]:
    return {(life.repository, number) for number in life.issues}
