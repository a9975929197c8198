"""Jira's part of the configuration (B7, B8): which tickets, and what statuses and fields mean.

The host and the account are the operator's to name; a repository chooses only a project.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from bot.configuration.section import END, Section

_LINE = r"^[^\u0000-\u001f\u007f]*" + END
_Name = Annotated[str, StringConstraints(max_length=100, pattern=_LINE)]


# A condition that cannot end the brackets that it is put into: closed quotes, brackets that are
# closed and one deep at most, no ORDER BY.
_PART = r"""[^()"'\\\u0000-\u001f\u007f]|"[^"\\\u0000-\u001f]*"|'[^'\\\u0000-\u001f]*'"""
_CONDITION = r"^(?![\s\S]*[oO][rR][dD][eE][rR] +[bB][yY])" + rf"(?:{_PART}|\((?:{_PART})*\))*" + END
_Condition = Annotated[str, StringConstraints(max_length=500, pattern=_CONDITION)]


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
    jql: _Condition = Field(
        "", description="One more condition, in JQL: no ORDER BY, brackets one deep."
    )
    public: bool = Field(
        False,
        description="Everybody may read the tickets: a public repository may show their words.",
    )
    states: JiraStates = Field(JiraStates(), description="Statuses by the states of an item.")
    fields: JiraFields = Field(JiraFields(), description="Fields that hold inputs of the score.")
