"""What is usual in a project, as values, and as the few lines that a prompt carries (C5, §5.3).

Promises: every finding names its evidence and how sure it is; the same profile gives the same
lines. Never: a finding without a case that was seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from math import sqrt
from typing import Any

from bot.codebase.budget import count_tokens, cut

EVIDENCE = 3  # places named for a finding
SURE = 0.5  # below this a finding is no advice, so prompts leave it out


@dataclass(frozen=True)
class Found:
    """One answer to "how is it done here".

    `share`: 0..1 of the cases seen. `confidence`: 0..1, the lower end of the 95% Wilson interval
    of that share, so that few cases count for little; 1.0 where a file says it outright.
    `evidence`: paths.
    """

    value: str
    share: float = 1.0
    confidence: float = 1.0
    seen: int = 1
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tool:
    """A linter, formatter or checker with the settings that change how code is written."""

    name: str
    path: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ProjectProfile:
    """§5.3. `styles`: question → finding, of the main language; see `conventions.QUESTIONS`."""

    languages: tuple[tuple[str, int], ...] = ()  # most files first
    package_manager: Found | None = None
    frameworks: tuple[Found, ...] = ()
    test_framework: Found | None = None
    directories: Found | None = None
    styles: Mapping[str, Found] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()
    commits: Found | None = None
    instructions: tuple[str, ...] = ()

    @property
    def language(self) -> str:
        return self.languages[0][0] if self.languages else ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"language": self.language, **asdict(self)}


def vote(cases: Iterable[tuple[str, str, int]]) -> Found | None:
    """The most frequent answer of (answer, path, how often); ties go to the first by name."""
    counts: Counter[str] = Counter()
    places: dict[str, Counter[str]] = {}
    for answer, path, often in cases:
        counts[answer] += often
        places.setdefault(answer, Counter())[path] += often
    if not counts:
        return None
    value, often = min(counts.items(), key=lambda one: (-one[1], one[0]))
    best = sorted(places[value], key=lambda path: (-places[value][path], path))
    total = sum(counts.values())
    return Found(
        value, round(often / total, 3), _wilson(often, total), total, tuple(best[:EVIDENCE])
    )


def _wilson(often: int, total: int, z: float = 1.96) -> float:
    share = often / total
    middle = share + z * z / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return round((middle - spread) / (1 + z * z / total), 3)


def condensed(profile: ProjectProfile, tokens: int = 500) -> str:
    """The profile as lines for a prompt, at most `tokens` long; '' when nothing is known."""
    lines = []
    if profile.languages:
        lines.append("languages: " + ", ".join(f"{n} ({c})" for n, c in profile.languages[:4]))
    for label, found in (
        ("packages", profile.package_manager),
        ("tests", profile.test_framework),
        ("layout", profile.directories),
    ):
        if found:
            lines.append(f"{label}: {found.value}")
    if profile.frameworks:
        lines.append("frameworks: " + ", ".join(f.value for f in profile.frameworks))
    for tool in profile.tools:
        settings = ", ".join(f"{k}={v}" for k, v in tool.settings.items())
        lines.append(f"{tool.name}: {settings or 'configured'} ({tool.path})")
    for question, found in profile.styles.items():
        if found.confidence >= SURE:
            lines.append(f"{question}: {found.value} ({found.share:.0%})")
    if profile.commits and profile.commits.confidence >= SURE:
        lines.append(f"commit subjects: {profile.commits.value}")
    text = "\n".join(lines)
    return text if count_tokens(text) <= tokens else cut(text, tokens)
