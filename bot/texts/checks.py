"""What the quality gates say on GitHub: check runs, the pull request, the status comment."""

from __future__ import annotations

from collections.abc import Sequence

from bot.story.vocabulary import QualityGate
from bot.texts.words import code, plain

MARKS = {"pass": "✅", "fail": "❌", "warn": "⚠️", "error": "🚫", "skipped": "➖"}
CONCLUSIONS = {"pass": "success", "warn": "neutral", "skipped": "skipped"}
AGAIN = ("Look again", "Run this gate once more on the same commit")
_TITLES = {
    "pass": "Passed",
    "fail": "Something has to change",
    "warn": "Worth a look",
    "error": "It could not look",
    "skipped": "Nothing to look at",
}


def conclusion(gate: QualityGate) -> str:
    """As GitHub calls it; what does not block is never a failure."""
    return CONCLUSIONS.get(gate.status, "failure" if gate.blocking else "neutral")


def check_title(gate: QualityGate) -> str:
    return f"{_TITLES[gate.status]}: {plain(gate.summary, 150)}"


def check_summary(gate: QualityGate) -> str:
    """What was found, and what a person can do about it."""
    parts = [plain(gate.summary, 1000)]
    if gate.status == "error":
        parts.append(
            "The gate could not look, which is no pass. Mend what is named here, then press "
            f"“{AGAIN[0]}”."
        )
    elif gate.blocks:
        parts.append("It blocks the pull request until the findings below are gone.")
    rows = [
        f"- {_where(one.file, one.line)}{plain(one.message, 300)} ({code(one.rule)})"
        for one in gate.findings[:50]
        if one.severity != "note"
    ]
    return "\n\n".join([*parts, "\n".join(rows)]).strip()


def _where(file: str, line: int) -> str:
    return f"{code(f'{file}:{line}' if line else file)}: " if file else ""


def table(gates: Sequence[QualityGate], score: float | None) -> str:
    """All gates, for the pull request; skipped ones in one line."""
    rows = [
        f"| {MARKS[one.status]} | {one.name} | {plain(one.summary, 200)} |"
        for one in gates
        if one.status != "skipped"
    ]
    skipped = ", ".join(one.name for one in gates if one.status == "skipped")
    parts = ["| | Gate | |\n|---|---|---|\n" + "\n".join(rows)]
    if skipped:
        parts.append(f"Nothing to look at: {skipped}.")
    if score is not None:
        parts.append(f"Score: {score:.2f} of 1.")
    return "\n\n".join(parts)


def line(gates: Sequence[QualityGate], score: float | None) -> str:
    """All gates in one line, for the status comment."""
    bad = [one for one in gates if one.status in ("fail", "error", "warn")]
    number = sum(one.status == "pass" for one in gates)
    said = ", ".join(f"{MARKS[one.status]} {one.name}" for one in bad)
    rated = f", score {score:.2f}" if score is not None else ""
    return f"{number} passed{rated}" + (f"; {said}" if said else "")


def failure(gates: Sequence[QualityGate]) -> str:
    """Blocking gates in plain words, for whoever repairs the change; stable in its wording."""
    parts = []
    for one in gates:
        rows = [
            f"{f'{f.file}:{f.line}: ' if f.line else f'{f.file}: ' if f.file else ''}{f.message} "
            f"[{f.rule}]"
            for f in one.findings[:15]
            if f.severity == "error"
        ]
        parts.append("\n".join([f"the gate {one.name} says: {one.summary}", *rows]))
    return "\n\n".join(parts)[:3500]


def cannot_look(gates: Sequence[QualityGate]) -> str:
    """Why people have to go on: gates that could not look."""
    said = "; ".join(f"{one.name}: {one.summary}" for one in gates)
    return f"quality gates could not look, which is no pass: {said}"[:900]
