"""One request: what it asks, who asks, and what may be answered.

Promises that every route states the app permission and the collaborator level it needs, and that
no handler runs before both were judged. Never reads or changes records itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.localhub.errors import ApiError, invalid, not_found
from bot.localhub.permissions import holds, rank
from bot.localhub.shapes.urls import Urls
from bot.localhub.state import Account, Repository
from bot.localhub.tokens import Caller

if TYPE_CHECKING:
    from bot.localhub.hub import LocalHub

API_VERSIONS = ("2022-11-28", "2026-03-10")
_WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Answer:
    """A response; `body` None means no content."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Page:
    """A list that is answered in pages; `show` makes the shape of one element.

    `wrap` names the key under which objects such as {"total_count", "check_runs"} hold the list.
    """

    elements: Sequence[Any]
    show: Callable[[Any], Any]
    wrap: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Call:
    """What a handler gets. `urls` is made from the address that the client used."""

    hub: LocalHub
    caller: Caller
    method: str
    path: str
    urls: Urls
    query: Mapping[str, str]
    raw: bytes
    accept: str
    headers: Mapping[str, str]
    repository: Repository | None = None

    @property
    def repo(self) -> Repository:
        assert self.repository is not None, "the route has no repository"
        return self.repository

    @property
    def account(self) -> Account:
        account = self.caller.account
        if account is None:
            raise ApiError(401, "Requires authentication")
        return account

    @property
    def level(self) -> str:
        """The collaborator level of a person here; an app's own limits are its permissions."""
        if self.caller.installation is not None:
            return "write"
        return self.hub.state.level(self.caller.user, self.repo)

    def may(self, level: str) -> bool:
        return rank(self.level) >= rank(level)

    def require(self, need: str) -> None:
        """ApiError 403 for an installation token that lacks `need` ("issues:write")."""
        if self.caller.installation is not None and not holds(self.caller.permissions, need):
            raise beyond((need,))

    # -- the body --------------------------------------------------------------------------

    def json(self) -> dict[str, Any]:
        body = self.json_any()
        if not isinstance(body, dict):
            raise ApiError(400, "Body should be a JSON object")
        return body

    def json_any(self) -> Any:
        if not self.raw:
            return {}
        try:
            body = json.loads(self.raw)
            if b"\\ud" in self.raw.lower():  # half a character can be parsed but never stored
                json.dumps(body, ensure_ascii=False).encode()
            return body
        except (ValueError, RecursionError) as error:
            raise ApiError(400, "Problems parsing JSON") from error

    def text(self, name: str, resource: str, *, default: str | None = None) -> str:
        """A string of the body; without `default` it is required and not blank."""
        value = self.json().get(name)
        if value is None and default is not None:
            return default
        if value is None or value == "":
            raise invalid(resource, name, "missing_field")
        if not isinstance(value, str):
            raise ApiError(422, f"Invalid request.\n\nFor '{name}', {value!r:.80} is not a string.")
        return value

    def maybe_text(self, name: str) -> str | None:
        value = self.json().get(name)
        if value is not None and not isinstance(value, str):
            raise ApiError(422, f"Invalid request.\n\nFor '{name}', {value!r:.80} is not a string.")
        return value

    def names(self, name: str) -> list[str]:
        """A list of strings of the body, empty when absent."""
        value = self.json().get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ApiError(422, f"Invalid request.\n\nFor '{name}', a list of strings is needed.")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.json().get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ApiError(
                422, f"Invalid request.\n\nFor '{name}', {value!r:.80} is not a boolean."
            )
        return value

    def choice(self, name: str, resource: str, allowed: Iterable[str], default: str) -> str:
        value = self.json().get(name)
        if value is None:
            return default
        if value not in (options := tuple(allowed)) or not isinstance(value, str):
            message = f"{name} must be one of: {', '.join(options)}"
            raise invalid(resource, name, "custom", message)
        return value

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """An integer of the query, pulled into its bounds as GitHub does."""
        try:
            value = int(self.query.get(name, default))
        except ValueError:
            return default
        return max(least, min(most, value))


Handler = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """`needs`: app permissions, any of which suffices. `role`: a person's least level.

    `who`: "token" (installation or person), "app" (JSON web token) or "anyone".
    """

    method: str
    path: str
    handler: Handler
    needs: tuple[str, ...]
    role: str
    who: str


class Routes:
    """The routes of one topic, declared beside their handlers."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def __call__(
        self,
        method: str,
        path: str,
        *needs: str,
        role: str = "",
        who: str = "token",
    ) -> Callable[[Handler], Handler]:
        least = role or ("write" if method in _WRITES else "read")

        def declare(handler: Handler) -> Handler:
            self.all.append(Route(method, path, handler, needs, least, who))
            return handler

        return declare


def beyond(needs: Iterable[str]) -> ApiError:
    accepted = "; ".join(need.replace(":", "=") for need in needs)
    return ApiError(
        403,
        "Resource not accessible by integration",
        headers={"X-Accepted-GitHub-Permissions": accepted},
    )


def admit(route: Route, call: Call) -> None:
    """Judge the caller against the route; raises ApiError."""
    caller = call.caller
    if route.who == "app":
        if caller.app is None or caller.installation is not None:
            raise ApiError(401, "A JSON web token could not be decoded")
        return
    if route.who == "anyone":
        return
    if caller.app is not None and caller.installation is None:
        raise ApiError(403, "Resource not accessible by integration")
    if caller.account is None and (route.method in _WRITES or call.repository is None):
        raise ApiError(401, "Requires authentication")
    if call.repository is not None:
        _admit_to_repository(route, call, call.repository)
        if call.repository.archived and route.method in _WRITES and route.role != "admin":
            raise ApiError(403, "Repository was archived so is read-only.")
    elif caller.installation is not None:
        _admit_by_permission(route, call)


def _admit_to_repository(route: Route, call: Call, repository: Repository) -> None:
    caller = call.caller
    if caller.installation is not None:
        selected = caller.repository_ids
        outside = selected is not None and repository.id not in selected
        if outside or not caller.installation.covers(repository):
            raise not_found()
        _admit_by_permission(route, call)
        return
    held = rank(call.hub.state.level(caller.user, repository))
    if held == 0:
        raise not_found()
    if held < rank(route.role):
        raise ApiError(403, f"Must have {route.role} access to the repository.")


def _admit_by_permission(route: Route, call: Call) -> None:
    if route.needs and not any(holds(call.caller.permissions, need) for need in route.needs):
        raise beyond(route.needs)
