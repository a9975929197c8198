"""Which Jira, and who we are there, is the operator's to say; and what the doctor finds of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.jira_findings import jira
from bot.known_secrets import secrets_of
from bot.settings import SettingsError, load_settings
from tests.jira.cloud import TOKEN, US, USER, Cloud

CLOUD = {"jira_url": "https://acme.atlassian.net/", "jira_user": USER, "jira_token": TOKEN}


@pytest.fixture
def site() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.close()


def test_the_kind_follows_from_the_host_unless_it_is_said() -> None:
    assert load_settings(**CLOUD).is_jira_cloud
    own = load_settings(jira_url="https://jira.acme.test/jira", jira_token=TOKEN)
    assert not own.is_jira_cloud
    assert load_settings(**CLOUD).jira_url == "https://acme.atlassian.net"
    assert not load_settings(**CLOUD, jira_kind="data_center").is_jira_cloud
    false_friend = load_settings(jira_url="https://atlassian.net.evil.test", jira_token=TOKEN)
    assert not false_friend.is_jira_cloud


@pytest.mark.parametrize(
    ("told", "variable"),
    [
        ({"jira_url": "http://jira.acme.test", "jira_token": TOKEN}, "JIRA_URL"),
        ({"jira_url": f"https://u:{TOKEN}@acme.test", "jira_token": TOKEN}, "JIRA_URL"),
        ({"jira_url": "ftp://acme.test", "jira_token": TOKEN}, "JIRA_URL"),
        ({"jira_url": "https://jira.acme.test"}, "JIRA_TOKEN"),
        ({"jira_url": "https://acme.atlassian.net", "jira_token": TOKEN}, "JIRA_USER"),
        ({**CLOUD, "jira_token_file": "/x"}, "JIRA_TOKEN_FILE"),
        ({**CLOUD, "jira_token": "  "}, "JIRA_TOKEN"),
        ({**CLOUD, "jira_projects": "shop=SHOP"}, "JIRA_PROJECTS"),
    ],
)
def test_what_cannot_work_is_said_by_its_variable_and_without_a_secret(
    told: dict[str, Any], variable: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        load_settings(**told)
    assert f"TOWPATH_{variable}" in str(wrong.value)
    assert TOKEN not in f"{wrong.value}{wrong.value!r}"


def test_the_token_is_a_secret_and_a_file_of_it_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first-token\n")
    told = load_settings(
        jira_url="https://j.test", jira_token_file=file, jira_webhook_secret="s1s1s1"
    )
    assert {"first-token", "s1s1s1"} <= set(secrets_of(told))
    file.write_text("second-token\n")
    assert told.read_jira_token() == "second-token"
    shown = f"{load_settings(**CLOUD)!r}{load_settings(**CLOUD)}"
    assert TOKEN not in shown


def test_the_operator_says_who_may_use_which_project() -> None:
    told = load_settings(jira_projects="acme/shop=SHOP, acme/*=CORE, */*=ALL")
    asked = [("Acme/Shop", "SHOP"), ("acme/x", "SHOP"), ("acme/x", "CORE"), ("b/c", "CORE")]
    assert [told.may_use_jira(*one) for one in asked] == [True, False, True, False]
    assert told.may_use_jira("b/c", "ALL")
    assert load_settings().may_use_jira("b/c", "ANY")


def test_the_doctor_says_who_we_are_there_and_what_is_wrong(site: Cloud, tmp_path: Path) -> None:
    assert list(jira(load_settings())) == []
    named = {"jira_url": site.url, "jira_kind": "cloud", "jira_user": USER}
    well = list(jira(load_settings(**named, jira_token=TOKEN)))
    assert (well[0].verdict, well[0].found) == ("ok", f"Cloud, as {US}")
    assert {one.verdict for one in well[1:]} == {"warning"}
    (wrong,) = jira(load_settings(**named, jira_token="not-the-token"))
    assert wrong.verdict == "missing"
    assert "TOWPATH_JIRA_TOKEN" in wrong.next
    (lost,) = jira(load_settings(**named, jira_token_file=tmp_path / "none"))
    assert lost.name == "TOWPATH_JIRA_TOKEN_FILE"
    site.close()
    (away,) = jira(load_settings(**named, jira_token=TOKEN))
    assert "TOWPATH_JIRA_URL" in away.next
