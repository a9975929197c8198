"""`towpath policy`: which rule decides on an effect, and what would change it (P6).

Promises: the judge's own rules on facts that are given or looked up; nothing is done or written.
"""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any

import click

from bot.cli.exits import Exit
from bot.cli.needed_settings import settings_for
from bot.texts import explain as texts
from bot.texts.remedies import remedy

if TYPE_CHECKING:
    from policies.explained import Explanation

_LARGEST = 256 * 1024


@click.group()
def policy() -> None:
    """Say which rules decide on effects, and why."""


@policy.command("list")
def list_() -> None:
    """List every kind of effect with its rules, in the order in which they are asked."""
    from policies.effects import TABLE
    from policies.explained import rules_of

    for kind in sorted(TABLE):
        click.echo(f"{kind}: {', '.join(rules_of(kind))}")


@policy.command()
@click.option("--effect", "kind", required=True, help="Kind of the effect (`policy list`).")
@click.option("--facts", "file", type=click.File("rb"), help="YAML: story, effect and other facts.")
@click.option("--story", help="OWNER/REPO#7: the facts of the journal and of GitHub now.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def test(ctx: click.Context, kind: str, file: Any, story: str | None, as_json: bool) -> None:
    """Judge an effect; exit status 1 where it is not allowed."""
    from policies.effects import TABLE

    if kind not in TABLE:
        close = difflib.get_close_matches(kind, TABLE, n=1)
        raise click.UsageError(texts.unknown_effect(kind, close))
    if (file is None) == (story is None):
        raise click.UsageError(texts.FACTS_OR_STORY)
    explanation = _of_story(kind, story) if story else _of_file(kind, file.read(_LARGEST))
    shown = _shown(kind, explanation)
    click.echo(json.dumps(shown) if as_json else texts.explained(shown))
    if shown["decision"] != "allow":
        ctx.exit(Exit.FAILED)


def _of_file(kind: str, raw: bytes) -> Explanation:
    from bot.cli.policy_facts import WrongFacts, read
    from policies.explained import explain

    try:
        effect, facts = read(kind, raw)
    except WrongFacts as wrong:
        raise click.UsageError(texts.wrong_facts(wrong.problems)) from None
    return explain(effect, facts)


def _of_story(kind: str, named: str) -> Explanation:
    """By what is known now; what stands above the rules (suspended, dry run) decides, too."""
    from dataclasses import replace

    from bot.cli.policy_facts import WrongFacts, proposed
    from bot.cli.stories_named import story_named
    from bot.wiring import House
    from policies.explained import explain

    house = House(settings_for(github=True))
    told = story_named(house, named)
    try:
        effect = proposed(kind, told)
    except WrongFacts as wrong:
        raise click.UsageError(texts.wrong_facts(wrong.problems)) from None
    explanation = explain(effect, house.judge.facts(effect, told))
    return replace(explanation, verdict=house.judge(effect, told))


def _shown(kind: str, explanation: Explanation) -> dict[str, Any]:
    verdict = explanation.verdict
    return {
        "effect": kind,
        "decision": verdict.decision.value,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "would_change": "" if verdict.allowed else remedy(verdict.rule),
        "against": [{"rule": one.rule, "reason": one.reason} for one in explanation.against],
        "steps": [
            {
                "rule": step.rule,
                "verdict": step.verdict.rule
                if step.verdict is not None and not step.verdict.allowed
                else None,
            }
            for step in explanation.steps
        ],
    }
