"""Runs the gates of a change side by side and gives their results in a fixed order.

Promises: a gate that raises anything is an `error`, which is no pass; what was found before for
the same trees, tools and choices is not looked for again. Never: lets one gate's failure hide
another's answer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from bot.gates.analysis import Analysis
from bot.gates.binaries import Binaries
from bot.gates.change import Change
from bot.gates.complexity import Complexity
from bot.gates.conflicts import Conflicts
from bot.gates.content import Content
from bot.gates.coverage import Coverage
from bot.gates.criteria import Criteria
from bot.gates.dependencies import Dependencies
from bot.gates.documentation import documented_share
from bot.gates.format import Format
from bot.gates.gate import CannotLook, Gate, GateFinding, GateResult
from bot.gates.lint import Lint
from bot.gates.memory import Memory, code_version, key_of
from bot.gates.protected import Protected
from bot.gates.secrets import Secrets
from bot.gates.security import Security
from bot.gates.size import Size
from bot.gates.tests import Tests
from bot.gates.types import Types
from bot.gates.weakening import Weakening
from bot.gates.workbench import Workbench
from policies.gates import Score, is_blocking, score

log = logging.getLogger(__name__)

# The ones that take longest begin first.
GATES: tuple[Gate, ...] = (
    Tests(), Coverage(), Types(), Lint(), Format(), Security(), Analysis(), Content(), Secrets(),
    Dependencies(), Weakening(), Criteria(), Complexity(), Protected(), Conflicts(), Binaries(),
    Size(),
)  # fmt: skip
NAMES = tuple(gate.name for gate in GATES)


@dataclass(frozen=True)
class Judged:
    """All results. `blocked`: does any stop the change? `seconds`: wall time of all."""

    results: tuple[GateResult, ...]
    score: Score
    seconds: float

    @property
    def blocked(self) -> bool:
        return any(one.blocks for one in self.results)


def judge(
    change: Change,
    bench: Workbench,
    memory: Memory | None = None,
    *,
    only: Sequence[str] = (),
    overrides: Mapping[str, bool] | None = None,
    weights: Mapping[str, float] | None = None,
) -> Judged:
    """Run the gates named `only` (all, if none is named) on `change`."""
    began = time.monotonic()
    change.load()
    chosen = [gate for gate in GATES if not only or gate.name in only]
    with ThreadPoolExecutor(max_workers=len(chosen) or 1, thread_name_prefix="gate") as pool:
        running = [pool.submit(_one, gate, change, bench, memory, overrides) for gate in chosen]
        results = tuple(future.result() for future in running)
    measured = {
        one.name: float(one.evidence["share"])
        for one in results
        if one.name == "coverage" and "share" in one.evidence
    }
    share = documented_share(change)
    if share is not None:
        measured["documentation"] = share
    statuses = {one.name: one.status for one in results}
    return Judged(results, score(statuses, measured, weights), time.monotonic() - began)


def _one(
    gate: Gate,
    change: Change,
    bench: Workbench,
    memory: Memory | None,
    overrides: Mapping[str, bool] | None,
) -> GateResult:
    began = time.monotonic()
    blocking = is_blocking(gate.name, overrides)
    key = _key(gate, change, bench)
    if memory and (known := memory.read(key)):
        return replace(known, blocking=blocking, seconds=time.monotonic() - began)
    try:
        seen = gate.run(change, bench)
    except CannotLook as problem:
        return _error(gate, blocking, f"{problem}", began)
    except Exception as problem:  # a gate that broke has not passed
        log.exception("gate %s broke", gate.name)
        return _error(gate, blocking, f"{type(problem).__name__}: {problem}", began)
    result = GateResult(
        gate.name, seen.status, blocking, seen.summary, _bounded(seen.findings),
        round(time.monotonic() - began, 3), seen.evidence,
    )  # fmt: skip
    if memory and seen.lasting:
        memory.write(key, result)
    return result


def _error(gate: Gate, blocking: bool, why: str, began: float) -> GateResult:
    why = " ".join(why.split())[:600]
    found = (GateFinding("", None, f"{gate.name}/cannot-look", why),)
    return GateResult(gate.name, "error", blocking, why, found, round(time.monotonic() - began, 3))


def _bounded(findings: Sequence[GateFinding], most: int = 500) -> tuple[GateFinding, ...]:
    """The worst first, so that a bound cuts the least."""
    order = ("error", "warning", "note")
    ranked = sorted(findings, key=lambda one: (order.index(one.severity), one.file, one.line or 0))
    return tuple(ranked[:most])


def _key(gate: Gate, change: Change, bench: Workbench) -> str:
    choices = asdict(bench.choices)
    return key_of({
        "gate": gate.name,
        "code": code_version(),
        "tools": bench.toolbox.version,
        "head": change.mirror.tree_of(change.head),
        "base": change.mirror.tree_of(change.base),
        "history": list(change.history) if gate.name in ("secrets", "size") else [],
        "story": [change.story, [asdict(one) for one in change.criteria]],
        "choices": choices,
        "day": datetime.now(UTC).date().isoformat() if gate.name == "dependencies" else "",
        "sandbox": bench.sandbox.name,
    })  # fmt: skip
