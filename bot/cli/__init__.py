"""The command line: one file a command, loaded when it is called.

Promises: a person's mistake is answered with a sentence and the next step, never with a
traceback; exit codes are those of `bot.cli.exits`. Never: imports a room before a command needs
it, because `web` and `--help` must start at once.
"""

from __future__ import annotations

import importlib
import logging
from typing import Any

import click

from bot.cli.log_lines import write_log
from bot.cli.refusals import errors_for_people

COMMANDS = {
    "demo": ("bot.cli.demo:demo", "Watch a story go from an issue to a merged pull request."),
    "try": ("bot.cli.try_repository:try_repository", "Do a story on a copy of a git repository."),
    "serve": ("bot.cli.serve:serve", "Run Towpath for your repositories on GitHub."),
    "setup": ("bot.cli.setup:setup", "Register the GitHub App from a browser."),
    "doctor": ("bot.cli.doctor:doctor", "Say what is configured, reachable and missing."),
    "discover": (
        "bot.cli.discover:discover",
        "List what the comments of a folder say is to be done.",
    ),
    "locate": ("bot.cli.locate:locate", "Find the files and definitions that a text is about."),
    "context": ("bot.cli.show_context:context", "Show what a model would be shown for a text."),
    "index": ("bot.cli.index_codebase:index", "Index a repository: time, counts, cache."),
    "impact": ("bot.cli.impact:impact", "Say what else depends on a file or a definition."),
    "conventions": ("bot.cli.conventions:conventions", "Say how a repository's code is written."),
    "gates": ("bot.cli.gates:gates", "Judge a change by the quality gates."),
    "config": ("bot.cli.config:config", "Check a repository's configuration; print its schema."),
    "prompts": ("bot.cli.prompts:prompts", "Show, compare, promote and roll back prompts."),
    "run": ("bot.cli.run:run", "Discover, rank and work on what is to be done, in cycles."),
    "backlog": ("bot.cli.backlog:backlog", "List, add, read in and write out what is to be done."),
    "mcp": ("bot.cli.mcp:mcp", "Serve backlog and stories over the Model Context Protocol."),
    "metrics": ("bot.cli.metrics:metrics", "Show how the work goes: deliveries, times, cost."),
    "lanes": ("bot.cli.lanes:lanes", "Show what goes on by itself: runs, decisions, waits."),
    "audit": ("bot.cli.audit:audit", "Show and verify the journal."),
    "inbox": ("bot.cli.inbox:inbox", "Show and replay deliveries that were given up on."),
    "policy": ("bot.cli.policy:policy", "Say which rule decides on an effect, and why."),
    "simulate": ("bot.cli.simulate:simulate", "Say what a comment, review or push would do."),
    "replay": ("bot.cli.replay:replay", "Handle a delivery again, and say what that changed."),
    "api-key": ("bot.cli.api_key:api_key", "Make, list and revoke keys for the REST API."),
    "test": ("bot.cli.test_suite:test_suite", "Run Towpath's own tests."),
    "web": ("bot.cli.processes:web", "One process of `serve`: receives webhooks."),
    "worker": ("bot.cli.processes:worker", "One process of `serve`: handles deliveries."),
    "stories": ("bot.cli.processes:stories", "One process of `serve`: works on stories."),
    "clock": ("bot.cli.processes:clock", "One process of `serve`: sweeps and wakes."),
}


class LazyGroup(click.Group):
    """Commands by name; a command's file is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        return getattr(importlib.import_module(module), name)

    def invoke(self, ctx: click.Context) -> Any:
        with errors_for_people():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Takes a labelled issue to a merged pull request, inside bounds that people set."""
    write_log(logging.WARNING)
