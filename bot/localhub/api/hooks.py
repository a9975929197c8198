"""The app's own webhook: its configuration, its deliveries and their redelivery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.localhub.calls import Answer, Call, Routes
from bot.localhub.deliveries import Delivery
from bot.localhub.errors import ApiError, not_found
from bot.localhub.shapes.urls import stamp
from bot.localhub.state import App

routes = Routes()


def _app(call: Call) -> App:
    assert call.caller.app is not None, "admitted as an app"
    return call.caller.app


def _config(app: App) -> dict[str, Any]:
    config = {
        "content_type": app.content_type,
        "insecure_ssl": "0",
        "url": app.webhook_url or "",
    }
    return {**config, "secret": "********"} if app.webhook_secret else config


@routes("GET", "/app/hook/config", who="app")
def show_config(call: Call) -> Any:
    return _config(_app(call))


@routes("PATCH", "/app/hook/config", who="app")
def change_config(call: Call) -> Any:
    app = _app(call)
    app.webhook_url = call.maybe_text("url") or app.webhook_url
    app.webhook_secret = call.maybe_text("secret") or app.webhook_secret
    return _config(app)


def _status(one: Delivery) -> str:
    if one.reply.status == 0:
        return "failed to connect to host"
    return "OK" if 200 <= one.reply.status < 300 else f"Invalid HTTP Response: {one.reply.status}"


def item(one: Delivery) -> dict[str, Any]:
    return {
        "id": one.id,
        "guid": one.guid,
        "delivered_at": stamp(one.delivered_at),
        "redelivery": one.redelivery,
        "duration": one.duration,
        "status": _status(one),
        "status_code": one.reply.status,
        "event": one.event,
        "action": one.action,
        "installation_id": one.installation.id if one.installation else None,
        "repository_id": one.repository.id if one.repository else None,
        "throttled_at": None,
    }


def _mine(call: Call) -> Sequence[Delivery]:
    return [one for one in reversed(call.hub.deliveries.log) if one.app is _app(call)]


@routes("GET", "/app/hook/deliveries", who="app")
def list_deliveries(call: Call) -> Answer:
    """Newest first, paged by `cursor` (the id of the last delivery seen)."""
    listed = list(_mine(call))
    wanted = call.query.get("status")
    if wanted in ("success", "failure"):
        listed = [x for x in listed if (200 <= x.reply.status < 400) == (wanted == "success")]
    cursor = call.query.get("cursor")
    if cursor:
        places = [place for place, one in enumerate(listed) if str(one.id) == cursor]
        if not places:
            raise ApiError(422, "The cursor is not valid.")
        listed = listed[places[0] + 1 :]
    size = call.number("per_page", 30, least=1, most=100)
    headers = {}
    if len(listed) > size:
        status = f"&status={wanted}" if wanted else ""
        address = f"{call.urls.api}/app/hook/deliveries?per_page={size}{status}"
        headers["Link"] = f'<{address}&cursor={listed[size - 1].id}>; rel="next"'
    return Answer(200, [item(one) for one in listed[:size]], headers)


@routes("GET", "/app/hook/deliveries/<int:number>", who="app")
def show_delivery(call: Call, number: int) -> Any:
    for one in _mine(call):
        if one.id == number:
            return {
                **item(one),
                "url": one.app.webhook_url,
                "request": {"headers": one.headers, "payload": one.payload},
                "response": {"headers": one.reply.headers, "payload": one.reply.body},
            }
    raise not_found()


@routes("POST", "/app/hook/deliveries/<int:number>/attempts", who="app")
def redeliver(call: Call, number: int) -> Answer:
    if not any(one.id == number for one in _mine(call)):
        raise not_found()
    call.hub.deliveries.redeliver(number)
    return Answer(202, {})
