"""What is said on tickets of a tracker, in plain text, and of them (B7, B8)."""

from __future__ import annotations

NO_TRACKER = (
    "the operator set no Jira (TOWPATH_JIRA_URL), or keeps this repository from the project"
)
OUT_OF_TIME = "the time of the lane was over"
DOCTOR = "Check TOWPATH_JIRA_URL, TOWPATH_JIRA_KIND, the network and the proxy (HTTPS_PROXY)."
DOCTOR_ACCOUNT = (
    "Check TOWPATH_JIRA_USER and TOWPATH_JIRA_TOKEN: an API token with the account's address in "
    "Cloud, a personal access token alone in Data Center."
)
DOCTOR_ASKED = "no webhook is taken; Jira is asked every few minutes"
DOCTOR_NO_WEBHOOK = "Set TOWPATH_JIRA_WEBHOOK_SECRET, and add a webhook to /webhook/jira in Jira."
DOCTOR_ANY = "every repository may name any project that the account sees"
DOCTOR_PROJECTS = "Set TOWPATH_JIRA_PROJECTS to pairs such as acme/shop=SHOP."
_SIDES = {
    "done": "{who} moved {ticket} to {status}",
    "blocked": "{who} moved {ticket} to {status}",
    "withdrawn": "{who} moved {ticket} back to {status}",
    "taken": "{ticket} was assigned to {whom} by {who}",
    "unassigned": "{who} took {ticket} away from Towpath",
    "status": "{who} moved {ticket} to {status}",
}


def answers_as(is_cloud: bool, account: str) -> str:
    """What the doctor found."""
    return f"{'Cloud' if is_cloud else 'Data Center'}, as {account}"


def took_over(reason: str) -> str:
    """A claim that ran out was taken. `reason` says whose."""
    return f"Towpath works on this now: {reason}."


def proposed(url: str) -> str:
    return f"Towpath proposes a change for this: {url}\n\nIt is merged when people approve it."


def merged(url: str) -> str:
    return f"Done: {url} is merged."


def waits(reason: str, url: str) -> str:
    return f"Towpath waits for people here: {_cut(reason)}\n\n{url}"


def handed_over(reason: str, url: str) -> str:
    return f"Towpath could not finish this and leaves it to people: {_cut(reason)}\n\n{url}"


def changed(why: str, ticket: str, status: str, who: str, whom: str) -> str:
    """What a person did to a ticket that we work on; `why` as in `policies.tickets.Sided`."""
    told = _SIDES[why]
    return told.format(who=who or "somebody", ticket=ticket, status=status, whom=whom or "somebody")


def of_issue(repository: str, number: int) -> str:
    """Title of the link to the issue that the work is done at."""
    return f"{repository}#{number}: Towpath's work on this"


def of_pull(repository: str, number: int) -> str:
    """Title of the link to the pull request."""
    return f"{repository}#{number}: pull request"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 500 else f"{line[:499]}…"
