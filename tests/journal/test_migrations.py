"""The tables that the migrations make."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, create_engine, inspect, text

from bot.story import migrations
from bot.story.database import open_database
from bot.story.journal import Journal
from bot.story.schema import METADATA
from tests.journal.processes import all_of, begin
from tests.journal.samples import said


def test_the_migrations_make_what_the_tables_say(empty: str) -> None:
    engine = open_database(empty)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_the_newest_revision_is_the_one_a_start_looks_for() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert scripts.get_heads() == [migrations.HEAD]


def test_processes_that_start_at_once_on_an_empty_database_all_start(empty: str, clock) -> None:
    at = str(time.time() + 2.5)
    all_of([begin("start", empty, at) for _ in range(3)])
    journal = Journal(open_database(empty), clock)
    journal.append("s", [said(1)], actor="w")
    assert journal.verify() == []


def test_opening_again_changes_nothing(engine: Engine, url: str, journal: Journal) -> None:
    journal.append("s", [said(1)], actor="w")
    open_database(url)
    assert len(journal.load("s")) == 1


def test_a_database_of_a_newer_version_is_refused(engine: Engine, url: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CommandError, match="9999"):
        open_database(url)


def test_a_migration_that_fails_leaves_no_table_behind(empty: str) -> None:
    plain = create_engine(empty)
    with plain.begin() as connection:  # in the way of the last table
        connection.execute(text("CREATE TABLE deliveries (guid VARCHAR)"))
    with pytest.raises(Exception, match="deliveries"):
        open_database(empty)
    assert inspect(plain).get_table_names() == ["deliveries"]
    plain.dispose()
