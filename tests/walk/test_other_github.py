"""Another GitHub-compatible server that tells less than GitHub does is enough for the walk."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from bot.localhub import Server, serve
from bot.localhub.deliveries import Reply
from bot.story.vocabulary import State
from tests.world import SECRET, World

LEFT_OUT = {
    "node_id",
    "installation",
    "performed_via_github_app",
    "app",
    "reactions",
    "author_association",
    "permissions",
    "role_name",
    "clone_url",
    "mergeable",
    "mergeable_state",
    "merge_commit_sha",
    "closed_by",
    "assignee",
    "milestone",
    "score",
}
NOT_THERE = ("/events", "/installation/repositories", "/app/installations")


def leaner(told: Any) -> Any:
    """`told` without what a smaller server may leave out; its times have fractions."""
    if isinstance(told, list):
        return [leaner(one) for one in told]
    if not isinstance(told, dict):
        return told
    kept = {key: leaner(value) for key, value in told.items() if key not in LEFT_OUT}
    for key, value in kept.items():
        if key.endswith("_at") and isinstance(value, str):
            kept[key] = value.replace("Z", ".000Z")
    return kept


class Lean:
    """A WSGI application around localhub's that answers less."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        request = Request(environ)
        gone = request.path.endswith(NOT_THERE) and "access_tokens" not in request.path
        if gone:
            return Response('{"message": "Not Found"}', 404)(environ, start)
        if ".git/" in request.path or "access_tokens" in request.path:
            return self._inner(environ, start)
        answer = Response.from_app(self._inner, environ)
        if answer.content_type.startswith("application/json") and answer.data:
            answer.data = json.dumps(leaner(json.loads(answer.data)))
        for header in [name for name in dict(answer.headers) if name.startswith("X-")]:
            del answer.headers[header]
        return answer(environ, start)


class LeanWorld(World):
    """A world whose GitHub tells less, in answers and in webhooks."""

    def serve(self) -> Server:
        self.hub._application = Lean(self.hub.application)
        return serve(self.hub)

    def _deliver(self, url: str, headers: dict[str, str], body: bytes) -> Reply:
        thin = json.dumps(leaner(json.loads(body))).encode()
        digest = hmac.new(SECRET.encode(), thin, hashlib.sha256).hexdigest()
        signed = {**headers, "X-Hub-Signature-256": f"sha256={digest}"}
        signed.pop("X-Hub-Signature", None)
        return super()._deliver(url, signed, thin)


def test_the_walk_needs_little_of_a_server(
    tmp_path: Path, queue_url: str, environments: Path
) -> None:
    world = LeanWorld(tmp_path, queue_url, environments)
    try:
        world.repository()
        number = world.story()
        assert world.state(number) is State.WAITING, world.tale(number).failure_reason
        world.say("bob", number, "/approve")
        assert world.state(number) is State.DONE
        world.later(120)
        world.sweep()
        assert len(world.comments(number)) == 1
    finally:
        world.close()
