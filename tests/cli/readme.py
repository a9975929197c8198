"""The parts of the README that the code knows best: `python -m tests.cli.readme` renews them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

import yaml

import handlers
from bot.cli.exits import Exit
from bot.settings import PREFIX, Settings
from bot.texts import answers
from handlers import status

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
EXITS = {
    Exit.OK: "done; for `demo` and `try`: the story is DONE",
    Exit.FAILED: "tried, and did not end well; `doctor`: something needed is missing",
    Exit.USAGE: "called or configured wrongly; nothing was tried",
    Exit.QUESTION: "`try`: the story waits for an answer",
    Exit.HANDED_OVER: "`try`: the story was handed over to people",
    Exit.WAITS: "`try`: the story waits for an approval",
    Exit.INTERRUPTED: "ended by Ctrl-C",
}


def parts() -> dict[str, str]:
    """Marker → what stands between its two lines."""
    return {
        "commands": answers.command_table(status.rows(handlers.COMMANDS.values())),
        "settings": _settings(),
        "exits": "\n".join(
            ["| status | means |", "|---|---|", *(f"| {int(e)} | {EXITS[e]} |" for e in Exit)]
        ),
        "app": _new_app(),
    }


def renewed(text: str) -> str:
    """`text` with every part as the code says it."""
    for name, part in parts().items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        assert len(between.findall(text)) == 1, f"the README has no part {name}"
        text = between.sub(lambda found, part=part: f"{found[1]}{part}\n{found[2]}", text)
    return text


def _settings() -> str:
    rows = ["| variable | default | what it sets |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        description = (field.description or "").replace("|", "\\|")
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {description} |")
    return "\n".join(rows)


def _new_app() -> str:
    manifest = yaml.safe_load((ROOT / "app.yml").read_text())
    asked = [
        ("name", manifest["name"]),
        ("public", "false"),
        ("webhook_active", "true"),
        *manifest["default_permissions"].items(),
        *(("events[]", event) for event in manifest["default_events"]),
    ]
    return f"```\nhttps://github.com/settings/apps/new?{urlencode(asked)}\n```"


if __name__ == "__main__":
    README.write_text(renewed(README.read_text()))
