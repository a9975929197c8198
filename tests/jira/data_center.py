"""Runs `jira820`, an independent stateful Jira Data Center 8.20, on a port of its own.

`python -m tests.jira.data_center` prints the port. What the mock lacks is added in front of it: who
may ask (a personal access token), and entity properties, as Data Center documents both.
"""

from __future__ import annotations

import os
import socket

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from jira820.config import Config
from jira820.server import make_app

PAT = "NjY2-canary-personal-access-token"
KEPT: dict[tuple[str, str], object] = {}


def app() -> FastAPI:
    """The mock with its gaps filled."""
    site = make_app(config=Config(project_key="SHOP", seed="7"))

    @site.middleware("http")
    async def _who(request: Request, call_next):  # type: ignore[no-untyped-def]
        path = request.url.path
        if path.startswith("/rest/api/2/serverInfo"):
            return await call_next(request)
        if request.headers.get("authorization") != f"Bearer {PAT}":
            return JSONResponse({"errorMessages": ["You do not have the permission"]}, 401)
        if "/properties" in path:
            return await _property(request, path)
        return await call_next(request)

    return site


async def _property(request: Request, path: str) -> Response:
    key, _, name = path.partition("/issue/")[2].partition("/properties")
    name = name.lstrip("/")
    if not name:
        return JSONResponse({"keys": [{"key": own} for of, own in KEPT if of == key]})
    if request.method == "PUT":
        KEPT[key, name] = await request.json()
        return Response(status_code=201)
    if (key, name) not in KEPT:
        return JSONResponse({"errorMessages": ["no such property"]}, 404)
    if request.method == "DELETE":
        del KEPT[key, name]
        return Response(status_code=204)
    return JSONResponse({"key": name, "value": KEPT[key, name]})


def main() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(listening.getsockname()[1], flush=True)
        server = uvicorn.Server(uvicorn.Config(app(), log_level="error"))
        server.run(sockets=[listening])
    os._exit(0)


if __name__ == "__main__":
    main()
