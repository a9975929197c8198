"""The control plane under /_hub/: what a test in another process or the demo asks for.

Promises only paths that GitHub does not have. Never part of what the product may call; it hands
out people's tokens, so the server belongs on loopback.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, jsonify, redirect, request

from bot.localhub.api.hooks import item
from bot.localhub.errors import ApiError
from bot.localhub.faults import Fault
from bot.localhub.git_facts import GitFailed

if TYPE_CHECKING:
    from bot.localhub.hub import LocalHub

Handler = Callable[[dict[str, Any]], Any]


def add_control_routes(app: Flask, hub: LocalHub) -> None:
    """Each command is POST /_hub/<name> with a JSON object; the answer is an object."""
    commands = _commands(hub)

    @app.post("/_hub/<name>")
    def command(name: str) -> tuple[Response, int]:
        if "Origin" in request.headers:  # a page in somebody's browser, never one of ours
            return jsonify({"message": "not from a browser"}), 403
        handler = commands.get(name)
        if handler is None:
            return jsonify({"message": f"no command {name}", "commands": sorted(commands)}), 404
        given = request.get_json(force=True, silent=True)
        if not isinstance(given, dict):
            return jsonify({"message": "a JSON object is needed"}), 400
        try:
            return jsonify(handler(given) or {}), 200
        except ApiError as error:
            return jsonify({"message": error.message}), error.status
        except (KeyError, TypeError, ValueError, GitFailed) as error:
            return jsonify({"message": f"{type(error).__name__}: {error}"}), 422

    @app.get("/_hub/deliveries")
    def deliveries() -> Response:
        return jsonify([{**item(one), "dropped": one.dropped} for one in hub.deliveries.log])

    @app.get("/_hub/avatars/<int:number>")
    def avatar(number: int) -> Response:
        hue = number * 47 % 360
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
            f'<circle cx="20" cy="20" r="20" fill="hsl({hue} 60% 55%)"/></svg>'
        )
        return Response(svg, mimetype="image/svg+xml")

    @app.post("/settings/apps/new")
    @app.post("/organizations/<org>/settings/apps/new")
    def new_app(org: str | None = None) -> Any:
        """The second step of the manifest flow: a code, and back to the app's setup page."""
        try:
            manifest = json.loads(request.form.get("manifest", ""))
            target = str(manifest["redirect_url"])
        except (ValueError, KeyError, TypeError):
            return "The manifest is not valid.", 422
        if urlsplit(target).scheme not in ("http", "https"):
            return "The manifest's redirect_url is not valid.", 422
        code = _new_code(hub, manifest, org)
        query = {"code": code, "state": request.args.get("state", "")}
        joint = "&" if "?" in target else "?"
        return redirect(f"{target}{joint}{urlencode(query)}")


def _new_code(hub: LocalHub, manifest: dict[str, Any], owner: str | None) -> str:
    code = secrets.token_hex(20)
    with hub.lock:
        hub.manifest_codes[code] = {
            "manifest": manifest,
            "owner": owner,
            "webhook_secret": secrets.token_hex(20),
        }
    return code


def _commands(hub: LocalHub) -> dict[str, Handler]:
    def add_repository(given: dict[str, Any]) -> Any:
        source = given.get("path") or given.get("files")
        made = hub.create_repository(
            given["repo"], source, private=bool(given.get("private")),
            description=given.get("description"),
        )  # fmt: skip
        return {"repo": made.full_name, "default_branch": made.default_branch}

    def add_org(given: dict[str, Any]) -> Any:
        return {"login": hub.add_org(given["login"], admins=tuple(given.get("admins", ()))).login}

    def register_app(given: dict[str, Any]) -> Any:
        made = hub.register_app(
            given["manifest"], given.get("webhook_url"), given.get("webhook_secret"),
            owner=given.get("owner"), pem=given.get("pem"),
        )  # fmt: skip
        return {
            "app_id": made.app_id,
            "slug": made.slug,
            "client_id": made.client_id,
            "client_secret": made.client_secret,
            "webhook_secret": made.webhook_secret,
            "pem": made.pem,
        }

    def change_hooks(given: dict[str, Any]) -> None:
        """`{"do": "drop", ...}`: a fault of `Deliveries` by its name and arguments."""
        doing = given.pop("do")
        allowed = ("drop", "duplicate", "delay", "reorder", "hold", "release", "clear_faults")
        if doing not in allowed:
            raise ValueError(f"do is one of {', '.join(allowed)}")
        getattr(hub.deliveries, doing)(**given)

    def change_limits(given: dict[str, Any]) -> None:
        if "limit" in given:
            hub.limits.limit = int(given["limit"])
        if "exhaust" in given:
            hub.limits.exhaust(int(given["exhaust"]))

    def reset(given: dict[str, Any]) -> None:
        hub.faults.clear()
        hub.deliveries.clear_faults()
        hub.limits.reset()

    return {
        "users": lambda g: {"login": hub.add_user(g["login"], g.get("type", "User")).login},
        "orgs": add_org,
        "teams": lambda g: {
            "slug": hub.add_team(g["org"], g["name"], g.get("members", []), g.get("repos")).slug
        },
        "tokens": lambda g: {"token": hub.user_token(g["login"])},
        "repos": add_repository,
        "collaborators": lambda g: hub.add_collaborator(g["repo"], g["login"], g["permission"]),
        "protection": lambda g: hub.protect_branch(
            g.pop("repo"), g.pop("branch"),
            **{k: tuple(v) if isinstance(v, list) else v for k, v in g.items()},
        ),
        "apps": register_app,
        "installations": lambda g: {
            "installation_id": hub.install(int(g["app_id"]), g["repos"], sender=g.get("sender"))
        },
        "manifests": lambda g: {"code": _new_code(hub, g["manifest"], g.get("owner"))},
        "faults": lambda g: {"armed": hub.faults.add(Fault(**g)) is not None},
        "hooks": change_hooks,
        "limits": change_limits,
        "clock": lambda g: hub.advance(float(g["advance"])),
        "redeliver": lambda g: {"found": hub.deliveries.redeliver(int(g["id"])) is not None},
        "settle": lambda g: {"settled": hub.deliveries.settle(float(g.get("seconds", 10)))},
        "reset": reset,
    }  # fmt: skip
