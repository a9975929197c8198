"""A small Jira Cloud (REST v3) on loopback, as Atlassian documents it: state, and faults on order.

It refuses what Cloud refuses: no or wrong credentials (401), texts that are no ADF (400), a
transition that the status does not offer (400), an unknown account (404). `fail` makes the next
matching requests fail, before or after they did their work; `race` runs something at a request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

USER, SECOND = "towpath@example.com", "second@example.com"  # both of one account
TOKEN = "ATATT3xFfGF0-canary-token-of-jira"
US = "5b10a2844c20165700ede21g"
STATUSES = {"To Do": "new", "In Progress": "indeterminate", "In Review": "indeterminate",
            "On Hold": "indeterminate", "Done": "done"}  # fmt: skip
WORKFLOW = {
    "To Do": {"Start": "In Progress", "Hold": "On Hold", "Close": "Done"},
    "In Progress": {"Review": "In Review", "Back": "To Do", "Hold": "On Hold", "Close": "Done"},
    "In Review": {"Rework": "In Progress", "Close": "Done", "Hold": "On Hold"},
    "On Hold": {"Back": "To Do"},
    "Done": {"Reopen": "To Do"},
}
CUSTOM = {"customfield_10016": "Story Points", "customfield_10050": "Business Value"}


def paragraph(text: str) -> dict[str, Any]:
    """A document of one paragraph."""
    content = [{"type": "text", "text": text}] if text else []
    return {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": content}]}


@dataclass
class Fault:
    """`after`: the request does its work and the answer is lost (status 0) or this one."""

    pattern: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    times: int = 1
    body: bytes = b""
    slow: float = 0.0
    skip: int = 0


class Turns:
    """Requests of two users in an order: a word of a and b, the first and the second."""

    def __init__(self, order: str) -> None:
        self._order, self._changed = order, threading.Condition()
        self._gone: set[str] = set()

    @contextmanager
    def of(self, user: str) -> Iterator[None]:
        letter = "a" if user == USER else "b"
        with self._changed:
            self._changed.wait_for(lambda: self._next() in ("", letter), timeout=10)
        try:
            yield
        finally:
            with self._changed:
                self._order = self._order[1:]
                self._changed.notify_all()

    def _next(self) -> str:
        while self._order[:1] in self._gone and self._order:
            self._order = self._order[1:]
        return self._order[:1]

    def ended(self, letter: str) -> None:
        """This one asks no more."""
        with self._changed:
            self._gone.add(letter)
            self._changed.notify_all()


class Cloud:
    """The site. `tickets` by key."""

    def __init__(self) -> None:
        self.people = {US: "Towpath", "alice": "Alice A", "bob": "Bob B"}
        self.tickets: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.properties: dict[str, dict[str, Any]] = {}
        self.links: dict[str, dict[str, Any]] = {}
        self.log: list[str] = []
        self.faults: list[Fault] = []
        self.races: list[tuple[str, Callable[[], None]]] = []
        self.page = 50
        self.turns: Turns | None = None
        self.lock = threading.RLock()
        self.changes = 0
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"site": self})
        )
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    # -- people ---------------------------------------------------------------------------------

    def open(self, summary: str, body: Any = None, key: str = "", **fields: Any) -> str:
        """A new ticket."""
        key = key or f"SHOP-{len(self.tickets) + 1}"
        text = paragraph(body) if isinstance(body, str) else body
        self.tickets[key] = {
            "id": str(10_000 + len(self.tickets)),
            "key": key,
            "fields": {
                "summary": summary,
                "description": text,
                "labels": [],
                "priority": {"name": "Medium"},
                "issuetype": {"name": "Story"},
                "assignee": None,
                "created": _now(),
                "updated": _now(),
                "status": _status("To Do"),
                "resolution": None,
                **fields,
            },
            "log": [],
        }
        return key

    def move(self, key: str, status: str, by: str = "alice") -> None:
        """Somebody moves a ticket."""
        self._set(key, "status", _status(status), by)

    def assign(self, key: str, whom: str, by: str = "alice") -> None:
        """Somebody assigns it; '' to nobody."""
        self._set(key, "assignee", self.person(whom) if whom else None, by)

    def _set(self, key: str, name: str, value: Any, by: str) -> None:
        with self.lock:
            ticket = self.tickets[key]
            ticket["fields"][name] = value
            ticket["fields"]["updated"] = _now()
            self.changes += 1
            item = {"field": name}
            change = {"author": self.person(by), "created": _now(), "items": [item]}
            ticket["log"].insert(0, change)

    def person(self, account: str) -> dict[str, Any]:
        return {"accountId": account, "displayName": self.people[account]}

    def status(self, key: str) -> str:
        return str(self.tickets[key]["fields"]["status"]["name"])

    def assignee(self, key: str) -> str:
        person = self.tickets[key]["fields"]["assignee"]
        return str(person["accountId"]) if person else ""

    def said(self, key: str) -> list[str]:
        """The comments as text."""
        return [_text(one["body"]) for one in self.comments.get(key, [])]

    # -- the worse side of networks -------------------------------------------------------------

    def fail(self, pattern: str, status: int = 0, **more: Any) -> None:
        """The next request (`VERB path`) that the pattern finds fails."""
        self.faults.append(Fault(pattern, status, **more))

    def race(self, pattern: str, what: Callable[[], None]) -> None:
        """Run something just before the next matching request is handled."""
        self.races.append((pattern, what))

    # -- the API --------------------------------------------------------------------------------

    def answer(self, verb: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        for pattern, handler in _ROUTES:
            verbs, _, route = pattern.partition(" ")
            found = re.fullmatch(route, path)
            if found and verb in verbs.split("|"):
                handled: tuple[int, Any] = handler(self, verb, query, body, *found.groups())
                return handled
        return 404, {"errorMessages": ["null for uri"], "errors": {}}

    def myself(self, *_: Any) -> tuple[int, Any]:
        return 200, self.person(US)

    def fields(self, *_: Any) -> tuple[int, Any]:
        own = [{"id": one, "name": name, "custom": True} for one, name in CUSTOM.items()]
        return 200, [{"id": "summary", "name": "Summary", "custom": False}, *own]

    def search(self, verb: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        jql = query.get("jql", "")
        project = re.search(r'project = "(\w+)"', jql)
        if project is None or jql.count("(") != jql.count(")"):
            return 400, {"errorMessages": ["Unbounded JQL queries are not allowed here."]}
        keys = [k for k in sorted(self.tickets, key=_number) if k.startswith(f"{project[1]}-")]
        if label := re.search(r'labels = "([^"]+)"', jql):
            keys = [k for k in keys if label[1] in self.tickets[k]["fields"]["labels"]]
        if one := re.search(r'key = "([^"]+)"', jql):
            keys = [k for k in keys if k == one[1]]
        if minutes := re.search(r'updated >= "-(\d+)m"', jql):
            at = time.time() - 60 * int(minutes[1])
            keys = [k for k in keys if _when(self.tickets[k]["fields"]["updated"]) >= at]
        start = int(query.get("nextPageToken") or "t0", 36) - int("t0", 36)
        size = min(int(query.get("maxResults") or 50), self.page)
        wanted = query.get("fields", "").split(",")
        found = [self._shown(k, wanted) for k in keys[start : start + size]]
        told: dict[str, Any] = {"issues": found, "isLast": start + size >= len(keys)}
        if not told["isLast"]:
            told["nextPageToken"] = _base36(int("t0", 36) + start + size)
        return 200, told

    def _shown(self, key: str, wanted: list[str]) -> dict[str, Any]:
        ticket = self.tickets[key]
        fields = {name: one for name, one in ticket["fields"].items() if name in wanted}
        return {"id": ticket["id"], "key": ticket["key"], "fields": fields}

    def issue(self, verb: str, query: dict[str, str], body: Any, key: str) -> tuple[int, Any]:
        if key not in self.tickets:
            return _no_issue()
        told = self._shown(key, query.get("fields", "").split(","))
        if "changelog" in query.get("expand", ""):
            told["changelog"] = {"histories": self.tickets[key]["log"][:100]}
        return 200, told

    def transitions(self, verb: str, query: Any, body: Any, key: str) -> tuple[int, Any]:
        if key not in self.tickets:
            return _no_issue()
        offered = WORKFLOW[self.status(key)]
        if verb == "GET":
            listed = [
                {"id": _id(name), "name": name, "to": _status(to)} for name, to in offered.items()
            ]
            return 200, {"transitions": listed}
        chosen = {_id(name): to for name, to in offered.items()}.get(body["transition"]["id"])
        if chosen is None:
            return 400, {"errorMessages": ["It is not on the appropriate step."], "errors": {}}
        self.move(key, chosen, US)
        return 204, None

    def assigned(self, verb: str, query: Any, body: Any, key: str) -> tuple[int, Any]:
        account = body.get("accountId")
        if account is not None and account not in self.people:
            return 404, {"errorMessages": ["The user does not exist."], "errors": {}}
        self.assign(key, account or "", US)
        return 204, None

    def property(
        self, verb: str, query: Any, body: Any, key: str, name: str = ""
    ) -> tuple[int, Any]:
        if key not in self.tickets:
            return _no_issue()
        kept = self.properties.setdefault(key, {})
        if not name:
            return 200, {"keys": [{"key": one} for one in sorted(kept)]}
        if verb == "PUT":
            kept[name] = body
            return 201, None
        if name not in kept:
            return 404, {"errorMessages": ["The property does not exist."], "errors": {}}
        if verb == "DELETE":
            del kept[name]
            return 204, None
        return 200, {"key": name, "value": kept[name]}

    def comment(self, verb: str, query: Any, body: Any, key: str) -> tuple[int, Any]:
        made = self.comments.setdefault(key, [])
        if verb == "GET":
            plain = [{k: v for k, v in one.items() if k != "properties"} for one in made]
            told = made if "properties" in query.get("expand", "") else plain
            return 200, {"comments": told[::-1]}
        if not isinstance(body.get("body"), dict) or body["body"].get("type") != "doc":
            return 400, {"errorMessages": [], "errors": {"comment": "not a document"}}
        one = {"id": str(len(made) + 1), "author": self.person(US), **body}
        made.append(one)
        return 201, one

    def link(self, verb: str, query: Any, body: Any, key: str) -> tuple[int, Any]:
        kept = self.links.setdefault(key, {})
        if verb == "GET":
            return 200, list(kept.values())
        kept[body["globalId"]] = body
        return 201, {"id": len(kept)}

    # -- webhooks -------------------------------------------------------------------------------

    def webhook(
        self, event: str, key: str, secret: bytes, guid: str = "w-1"
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a webhook, as Cloud signs them."""
        told = {"webhookEvent": event, "timestamp": 1, "issue": {"key": key, "id": "10000"}}
        body = json.dumps(told).encode()
        signed = hmac.new(secret, body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/json; charset=UTF-8",
            "X-Hub-Signature": f"sha256={signed}",
            "X-Atlassian-Webhook-Identifier": guid,
        }, body


_ISSUE = r"issue/([\w-]+)"
_ROUTES: list[tuple[str, Callable[..., tuple[int, Any]]]] = [
    (r"GET serverInfo", lambda *a: (200, {"deploymentType": "Cloud"})),
    (r"GET myself", Cloud.myself),
    (r"GET field", Cloud.fields),
    (r"GET search/jql", Cloud.search),
    (rf"GET {_ISSUE}", Cloud.issue),
    (rf"GET|POST {_ISSUE}/transitions", Cloud.transitions),
    (rf"PUT {_ISSUE}/assignee", Cloud.assigned),
    (rf"GET {_ISSUE}/properties", Cloud.property),
    (rf"GET|PUT|DELETE {_ISSUE}/properties/(.+)", Cloud.property),
    (rf"GET|POST {_ISSUE}/comment", Cloud.comment),
    (rf"GET|POST {_ISSUE}/remotelink", Cloud.link),
]


def _basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{TOKEN}".encode()).decode()


_WHO = {_basic(user): user for user in (USER, SECOND)}


class _Handler(BaseHTTPRequestHandler):
    """One request; `site` is set by a subclass of each site's own."""

    site: Cloud
    protocol_version = "HTTP/1.1"

    def handle_one(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(re.sub(r"^/rest/api/[23]/", "", parts.path))
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        line = f"{self.command} {path}"
        with self.site.lock:
            self.site.log.append(line)
        who = _WHO.get(self.headers.get("Authorization") or "")
        if self.site.turns is not None and who is not None:
            with self.site.turns.of(who):
                return self._handle(line, path, parts.query, raw, who)
        return self._handle(line, path, parts.query, raw, who)

    def _handle(self, line: str, path: str, asked: str, raw: bytes, who: str | None) -> None:
        for race in [one for one in self.site.races if re.search(one[0], line)][:1]:
            self.site.races.remove(race)
            race[1]()
        fault = self._fault(line)
        if fault is not None and fault.slow:
            time.sleep(fault.slow)
        elif fault is not None and not fault.after:
            return self._end(fault)
        if path != "serverInfo" and who is None:
            return self._send(401, {"errorMessages": ["Client must be authenticated"]})
        query = {name: told[0] for name, told in parse_qs(asked).items()}
        with self.site.lock:
            status, told = self.site.answer(
                self.command, path, query, json.loads(raw) if raw else None
            )
        if fault is not None and fault.after:
            return self._end(fault)
        return self._send(status, told)

    def _fault(self, line: str) -> Fault | None:
        with self.site.lock:
            for one in self.site.faults:
                if re.search(one.pattern, line):
                    if one.skip:
                        one.skip -= 1
                        continue
                    one.times -= 1
                    if one.times <= 0:
                        self.site.faults.remove(one)
                    return one
        return None

    def _end(self, fault: Fault) -> None:
        if not fault.status:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(fault.status)
        for name, value in fault.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(fault.body)))
        self.end_headers()
        self.wfile.write(fault.body)

    def _send(self, status: int, told: Any) -> None:
        body = b"" if told is None else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = handle_one

    def log_message(self, *args: Any) -> None:
        """Quiet."""


def _status(name: str) -> dict[str, Any]:
    return {"name": name, "statusCategory": {"key": STATUSES[name]}}


def _id(name: str) -> str:
    return str(sum(map(ord, name)))


def _number(key: str) -> int:
    return int(key.rpartition("-")[2])


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


def _when(told: str) -> float:
    return datetime.fromisoformat(told).timestamp()


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    told = ""
    while number:
        number, last = divmod(number, 36)
        told = digits[last] + told
    return told


def _no_issue() -> tuple[int, Any]:
    return 404, {"errorMessages": ["Issue does not exist or you do not have permission"]}


def _text(node: Any) -> str:
    if isinstance(node, list):
        return "".join(_text(one) for one in node)
    if not isinstance(node, dict):
        return ""
    if node.get("type") == "hardBreak":
        return "\n"
    end = "\n" if node.get("type") == "paragraph" else ""
    return str(node.get("text") or "") + _text(node.get("content")) + end
