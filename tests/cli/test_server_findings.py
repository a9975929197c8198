"""What `towpath doctor` says of declared MCP servers, and what a wrong file is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli.server_findings import servers
from bot.known_secrets import secrets_of
from bot.settings import Settings, SettingsError, load_settings
from tests.agent.servers.peers import allowing, at, docs, inside


def told(tmp_path: Path, *declared: Any) -> Settings:
    file = tmp_path / "servers.yml"
    listed = [json.loads(one.model_dump_json(exclude_defaults=True)) for one in declared]
    file.write_text(yaml.safe_dump({"servers": listed}))
    return load_settings(home=tmp_path / "home", mcp_servers=file)


def test_the_doctor_shows_what_a_tool_says_and_the_pin_that_lets_it_in(tmp_path: Path) -> None:
    assert list(servers(load_settings())) == []
    with docs() as url:
        known = allowing(at(url), "lookup", "note")
        new = known.tools[1].model_copy(update={"pin": None})
        pinned = known.model_copy(update={"tools": (known.tools[0], new)})
        none = at(url, name="none")
        found = list(servers(told(tmp_path, pinned, none, inside("true", name="gone"))))
    by_name = {one.name: one for one in found}
    assert by_name["server docs"].found == "lookup"
    assert by_name["server docs"].verdict == "ok"
    withheld = by_name["server docs/note"]
    assert "Write a note." in withheld.found
    assert known.tools[1].pin in withheld.next
    assert "no tool is allowed; it has lookup, note" in by_name["server none"].found
    assert by_name["server gone"].verdict == "warning"


def test_a_wrong_file_and_a_missing_credential_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = at("https://docs.test/mcp", credential="env:DOCS_TOKEN", private=False)
    settings = told(tmp_path, lost)
    (found,) = servers(settings)
    assert found.found == "its credential is not there"
    monkeypatch.setenv("DOCS_TOKEN", "very-secret-token")
    assert "very-secret-token" in secrets_of(settings)
    settings.mcp_servers.write_text("servers:\n  - nam: docs\n    repositories: ['*/*']\n")
    wrong = list(servers(settings))
    assert {(one.name, one.verdict) for one in wrong} == {("TOWPATH_MCP_SERVERS", "missing")}
    text = "\n".join(one.found for one in wrong)
    assert "servers.yml:2:5: servers.0.nam: there is no 'nam'; did you mean 'name'?" in text
    with pytest.raises(SettingsError):
        load_settings(mcp_servers=tmp_path / "none").read_mcp_servers()
