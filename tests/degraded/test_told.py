"""What is degraded, as those tell it who only look: each is a process that did nothing before."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.outages import services
from bot.outside.jira.http import JIRA
from bot.story.database import open_database
from bot.story.journal import Journal

LOOKS = """
import json, sys
from bot.cli.services import as_told
from bot.settings import Settings
print(json.dumps(as_told(Settings(home=sys.argv[1]))))
"""


def test_a_process_that_only_looks_says_what_is_degraded_and_makes_nothing(tmp_path: Path) -> None:
    def look() -> list[dict[str, str]]:
        argv = [sys.executable, "-c", LOOKS, str(tmp_path)]
        told = subprocess.run(argv, check=True, capture_output=True, timeout=60)
        return json.loads(told.stdout)  # type: ignore[no-any-return]

    assert look() == []
    assert list(tmp_path.iterdir()) == []
    engine = open_database(f"sqlite:///{tmp_path / 'towpath.db'}")
    known = services(Journal(engine, lambda: datetime.now(UTC)), lambda: datetime.now(UTC), "one")
    known.failed(JIRA, "503", retry_after=600)
    engine.dispose()
    (one,) = look()
    assert (one["service"], one["because"]) == (JIRA, "503")
