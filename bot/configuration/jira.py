"""Jira's part of the configuration (B7, B8): which tickets, and what statuses and fields mean.

The host and the account are the operator's to name; a repository chooses only a project.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from bot.configuration.section import END, Section

_LINE = r"^[^\u0000-\u001f\u007f]*" + END
_Name = Annotated[str, StringConstraints(max_length=100, pattern=_LINE)]


def _one_condition(told: str) -> str:
    """A condition that cannot end the brackets that it is put into."""
    depth, quote, bare, skip = 0, "", "", False
    for letter in told:
        if skip:
            skip = False
        elif quote:
            skip = letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        else:
            depth += {"(": 1, ")": -1}.get(letter, 0)
            bare += letter
        if depth < 0:
            break
    if depth or quote or skip:
        raise ValueError("a condition in JQL whose brackets and quotes are closed")
    if "order by" in " ".join(bare.casefold().split()):
        raise ValueError("a condition in JQL, without ORDER BY")
    return told


class JiraStates(Section):
    """The status (or transition) for each state of an item; '' leaves the ticket's as it is."""

    ready: _Name = Field("", description="When work on it ended without a result.")
    doing: _Name = Field("In Progress", description="While Towpath works on it.")
    pr: _Name = Field("In Review", description="While its pull request is open.")
    done: _Name = Field("Done", description="When it was merged.")
    blocked: _Name = Field("", description="When it waits for a person.")


class JiraFields(Section):
    """Names or ids of the site's own fields; '' finds the usual names ("Story Points" …)."""

    value: _Name = Field("", description="Value for users.")
    time: _Name = Field("", description="How urgent it is.")
    risk: _Name = Field("", description="Risk that it takes away.")
    size: _Name = Field("", description="Effort.")
    family: _Name = Field("", description="Kind of work; '' takes the ticket's type.")
    severity: _Name = Field("", description="Severity.")
    criteria: _Name = Field("", description="Acceptance criteria.")


class Jira(Section):
    """The project in Jira that is kept in step."""

    enabled: bool = Field(False, description="Exchange items with Jira.")
    project: str = Field("", max_length=50, pattern=r"^[A-Z0-9_]*" + END, description="Key of it.")
    label: _Name = Field("", description="Only tickets with this label; '' takes all.")
    jql: Annotated[
        str, StringConstraints(max_length=500, pattern=_LINE), AfterValidator(_one_condition)
    ] = Field("", description="One more condition, in JQL.")
    states: JiraStates = Field(JiraStates(), description="Statuses by the states of an item.")
    fields: JiraFields = Field(JiraFields(), description="Fields that hold inputs of the score.")
