"""What the door answers to a machine or a person that knocks wrongly: code, message, next step.

Never: anything about the body of a request whose signature was not proven.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

JSON_HEADERS = [("content-type", "application/json")]


@dataclass(frozen=True)
class Answer:
    """A finished HTTP answer; `headers` come on top of the content type and length."""

    status: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def all_headers(self) -> list[tuple[str, str]]:
        return [*JSON_HEADERS, ("content-length", str(len(self.body))), *self.headers]


def _refusal(
    status: str, error: str, message: str, next_: str, *headers: tuple[str, str]
) -> Answer:
    body = json.dumps({"error": error, "message": message, "next": next_}).encode()
    return Answer(status, body, headers)


ACCEPTED = Answer("202 Accepted", b'{"status":"queued"}')
WRONG_METHOD = _refusal(
    "405 Method Not Allowed",
    "method_not_allowed",
    "This address takes deliveries from GitHub.",
    "Send a POST, or set this address as the webhook URL of the GitHub App.",
    ("allow", "POST"),
)
TOO_LARGE = _refusal(
    "413 Content Too Large",
    "too_large",
    "The delivery is larger than 25 MB, the most that GitHub sends.",
    "Nothing was kept. Check who sends to this address.",
)
MISSING_HEADER = _refusal(
    "400 Bad Request",
    "missing_header",
    "X-GitHub-Delivery and X-GitHub-Event are needed, of at most 100 printable characters.",
    "Check who sends to this address: GitHub always sends both.",
)
BAD_SIGNATURE = _refusal(
    "401 Unauthorized",
    "bad_signature",
    "X-Hub-Signature-256 is missing or does not match.",
    "Set the same secret in the GitHub App and in TOWPATH_WEBHOOK_SECRET, then redeliver.",
)
NOT_JSON = _refusal(
    "400 Bad Request",
    "not_json",
    "The body is not a JSON object.",
    "Check who sends to this address.",
)
FORM_ENCODED = _refusal(
    "400 Bad Request",
    "form_encoded",
    "The delivery is form encoded; only JSON is read.",
    "Set the content type of the webhook to application/json, then redeliver.",
)
INCOMPLETE = _refusal(
    "400 Bad Request",
    "incomplete",
    "The body ended before it was complete.",
    "Send it again.",
)
UNAVAILABLE = _refusal(
    "503 Service Unavailable",
    "queue_unavailable",
    "The delivery could not be kept.",
    "Redeliver it when the queue is back; nothing was done with it.",
    ("retry-after", "10"),
)
WRONG_METHOD_JIRA = _refusal(
    "405 Method Not Allowed",
    "method_not_allowed",
    "This address takes deliveries from Jira.",
    "Send a POST, or set this address as the URL of a webhook in Jira.",
    ("allow", "POST"),
)
BAD_SIGNATURE_JIRA = _refusal(
    "401 Unauthorized",
    "bad_signature",
    "The delivery is not signed with the secret of Jira's webhook.",
    "Set the same secret in the webhook and in TOWPATH_JIRA_WEBHOOK_SECRET.",
)
NOT_JSON_JIRA = _refusal(
    "400 Bad Request",
    "not_json",
    "The body is not a JSON object.",
    "Do not exclude the body in the settings of the webhook in Jira.",
)
