"""The OpenAPI document says what the API does, and the API does what it says (schemathesis)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest
from werkzeug.serving import make_server

from tests.api.conftest import Program, make_key
from tests.world import World


def test_the_document_is_openapi_3_1_and_says_everything(world: World) -> None:
    program = Program(world)
    document = program.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    served = {f"{method} {path}" for path, told in document["paths"].items() for method in told}
    assert served == {
        "post /api/v1/tokens",
        "get /api/v1/repositories",
        "get /api/v1/approvals",
        "get /api/v1/batches/{batch_id}",
        "get /api/v1/stories",
        "post /api/v1/stories",
        "post /api/v1/stories/batch",
        "get /api/v1/stories/{story_id}",
        "get /api/v1/stories/{story_id}/events",
        *(
            f"post /api/v1/stories/{{story_id}}/{order}"
            for order in (
                "answer",
                "approve",
                "budget",
                "cancel",
                "pause",
                "reject",
                "resume",
                "retry",
            )
        ),
    }
    for path, told in document["paths"].items():
        for method, operation in told.items():
            assert operation["summary"], path
            assert operation["operationId"]
            assert (operation["security"] == []) == (path == "/api/v1/tokens"), (method, path)
    for name, schema in document["components"]["schemas"].items():
        jsonschema_rs.meta.validate(schema)
        assert name
    assert "ValidationErrorModel" not in str(document)


HOOKS = """
import uuid
import schemathesis

@schemathesis.hook
def before_call(context, case, kwargs):
    key = (case.headers or {}).get("Idempotency-Key")
    if key:  # the same key with another request is refused, as it should be
        case.headers["Idempotency-Key"] = key[:200] + uuid.uuid4().hex
"""


@pytest.mark.timeout(280)
@pytest.mark.parametrize("phase", ["fuzzing", pytest.param("coverage", marks=pytest.mark.slow)])
def test_no_request_that_the_document_allows_or_forbids_surprises(
    new_world: Callable[..., World], tmp_path: Path, phase: str
) -> None:
    world = new_world(api_requests_per_minute=1_000_000, api_tokens_per_minute=100_000)
    world.repository()
    world.story()
    bob = Program(world)
    bob.token = bob.post("/tokens", {"api_key": make_key(world, "bob")})[1]["token"]
    (tmp_path / "hooks.py").write_text(HOOKS)
    token = f'[auth.openapi.token]\nbearer = "{bob.token}"\n'
    (tmp_path / "schemathesis.toml").write_text(token)
    server = make_server("127.0.0.1", 0, world.door.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        done = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                "--config-file=schemathesis.toml",
                "run",
                f"http://127.0.0.1:{server.port}/api/v1/openapi.json",
                "--suppress-health-check=all",
                "--checks=all",
                "--max-examples=3",
                f"--phases={phase}",
                "--generation-database=none",
                "--seed=1",
                "--no-color",
            ],
            cwd=tmp_path,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=270,
        )
    finally:
        server.shutdown()
        thread.join()
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
