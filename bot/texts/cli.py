"""What the command line says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def demo_begins(github: str) -> str:
    return (
        f"A GitHub of its own is running at {github}; web, worker, stories and clock are the\n"
        "production processes. The model is scripted: its answers were written beforehand."
    )


def demo_labelled(github: str, repository: str, issue: int) -> str:
    return f"alice opened and labelled an issue: {github}/{repository}/issues/{issue}"


def demo_approves(github: str, repository: str, pull: int) -> str:
    return f"bob reads {github}/{repository}/pull/{pull} and comments /approve"


def demo_ended(summary: Mapping[str, Any]) -> str:
    verified = "verified" if summary["journal_verified"] else "BROKEN"
    return (
        f"{summary['story']} ended as {summary['state']} after {summary['seconds']} s: pull "
        f"request #{summary['pull_request']}, merged as {str(summary['merged_sha'])[:10]}, "
        f"{summary['events']} events in the journal ({verified})."
    )


def kept(github: str, folder: str, pids: str) -> str:
    return (
        f"Everything is left running. Look at {github}; the data is in {folder}.\n"
        f"End it with: kill $(cat {pids}); rm -r {folder}"
    )


def process_ended(name: str, log: str, logs: str) -> str:
    return (
        f"The process “{name}” ended, and cannot be done without. The end of its log:\n\n"
        f"{log.strip()}\n\nAll logs are in {logs}; `towpath doctor` says what this machine lacks."
    )


def took_too_long(problem: str, logs: str) -> str:
    return f"The story did not come to an end: {problem}. The logs are in {logs}."


def no_folder(path: str, problem: str) -> str:
    return f"nothing can be written to {path} ({problem}); name another folder with --out."


def moved(state: str, why: str) -> str:
    return f"{state:<10} {why}"


def tested(subject: str, summary: Any) -> str:
    if not summary.ran:
        return f"           tests of the {subject} could not run: {summary.tail[-200:].strip()}"
    counts = f"{summary.passed} passed, {summary.failed} failed"
    return f"           tests of the {subject}: {counts} ({summary.seconds:.1f} s)"


def committed(sha: str, subject: str) -> str:
    return f"           commit {sha[:10]} {subject}"


def attempt_failed(iteration: int, why: str) -> str:
    return f"           attempt {iteration} failed: {why}"


def approved(login: str, sha: str) -> str:
    return f"           {login} approved {sha[:10]}"


def faulted(where: str, error: str, error_id: str) -> str:
    return f"           {where} failed ({error_id}): {error[:300]}"


def no_repository(path: str) -> str:
    return f"{path} is not a git repository with a commit; `git init` and a first commit make one."


def folder_of_repository(path: str, top: str) -> str:
    return f"{path} is a folder inside the git repository {top}; name that, or `git init` here."


def other_names(path: str, names: str) -> str:
    return f"{path} names its objects by {names}, which GitHub does not take; sha1 is needed."


def not_copied(path: str, problem: str) -> str:
    return f"{path} could not be copied. git said: {problem}"


def shallow(path: str) -> str:
    return f"{path} is a shallow clone; the copy begins with its last commit, and has no tags."


def dirty(path: str) -> str:
    return f"{path} has changes that are not committed; they are left out."


def submodules(path: str) -> str:
    return f"{path} has submodules, which are not fetched; tests that need them will fail."


def empty_story(path: str) -> str:
    return f"{path} holds no story: a first line with the title, then what is wanted."


def try_begins(path: str, github: str) -> str:
    return f"Working on a copy of {path}; look at {github} while it runs."


def try_ended(summary: Mapping[str, Any], approve: bool) -> str:
    lines = [
        f"{summary['story']} is {summary['state']}.",
        f"  branch   {summary['branch'] or 'none'}",
        f"  patch    {summary['patch'] or 'none'}",
        f"  report   {summary['report']}",
        f"  models   {summary['model_calls']} calls, ${summary['cost_usd']:.2f}",
    ]
    if summary.get("questions"):
        lines.append("It asks:")
        lines += [f"  {n}. {q}" for n, q in enumerate(summary["questions"], 1)]
        lines.append("Answer in the story file and run it again.")
    if summary.get("reason"):
        lines.append(f"Handed over: {summary['reason']}")
    if summary["state"] == "WAITING" and not summary.get("questions"):
        lines.append(
            "It waits for an approval: the second person’s was not enough, the report says why."
            if approve
            else "It waits for an approval; with --approve a second person approves it."
        )
    return "\n".join(lines)
