"""A loopback server that speaks the wire formats of the model providers, for the tests.

It answers each request with the next prepared answer and keeps the requests. It is a server of its
own so that the real libraries are used to the last byte.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Prepared:
    """One answer. `arguments` is what the output tool is called with (dict, or broken text)."""

    arguments: Any = None
    text: str = ""
    tool: str = "answer"
    stop: str = ""  # in Anthropic's words; translated for the others
    status: int = 200
    error: dict[str, Any] = field(default_factory=dict)
    raw: bytes | None = None
    delay: float = 0.0
    trickle: float = 0.0  # seconds between two bytes of the body
    reset: bool = False  # hang up instead of answering
    headers: dict[str, str] = field(default_factory=dict)


class ModelServer:
    """`with ModelServer() as server:` then `server.url`, `server.answers`, `server.requests`."""

    def __init__(self, keep_alive: bool = False) -> None:
        self.peers: set[tuple[str, int]] = set()
        self.answers: list[Prepared] = []
        self.requests: list[dict[str, Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1" if keep_alive else "HTTP/1.0"

            def do_POST(self) -> None:
                server.peers.add(self.client_address)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.requests.append(
                    {"path": self.path, "body": json.loads(body), "headers": dict(self.headers)}
                )
                answer = server.answers.pop(0) if server.answers else Prepared(status=418)
                time.sleep(answer.delay)
                if answer.reset:
                    linger = struct.pack("ii", 1, 0)
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    self.connection.close()
                    return
                wire = answer.raw
                if wire is None:
                    wire = json.dumps(answer.error or _wire(self.path, answer)).encode()
                try:
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(wire)))
                    self.end_headers()
                    for n in range(0, len(wire), 1 if answer.trickle else len(wire) or 1):
                        self.wfile.write(wire[n : n + 1] if answer.trickle else wire)
                        time.sleep(answer.trickle)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client has given up: that is a test case

            def finish(self) -> None:
                try:
                    super().finish()
                except (OSError, ValueError):
                    self.close_connection = True  # hung up on purpose

            def log_message(self, *args: Any) -> None:
                """Tests need no log."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


def _wire(path: str, answer: Prepared) -> dict[str, Any]:
    if path.endswith("/messages"):
        return _anthropic(answer)
    return _responses(answer) if path.endswith("/responses") else _chat(answer)


def _anthropic(answer: Prepared) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    if answer.text:
        content.append({"type": "text", "text": answer.text})
    if answer.arguments is not None:
        content.append(
            {"type": "tool_use", "id": "t1", "name": answer.tool, "input": answer.arguments}
        )
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-5",
        "content": content, "stop_sequence": None, "stop_reason": answer.stop or "tool_use",
        "usage": {"input_tokens": 100, "cache_read_input_tokens": 30,
                  "cache_creation_input_tokens": 20, "output_tokens": 7},
    }  # fmt: skip


def _arguments(answer: Prepared) -> str:
    given = answer.arguments
    return given if isinstance(given, str) else json.dumps(given)


def _chat(answer: Prepared) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if answer.arguments is not None:
        function = {"name": answer.tool, "arguments": _arguments(answer)}
        message["tool_calls"] = [{"id": "t1", "type": "function", "function": function}]
    finish = {"max_tokens": "length", "refusal": "content_filter"}.get(answer.stop, "tool_calls")
    return {
        "id": "c1", "object": "chat.completion", "created": 1, "model": "some-model",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 150, "completion_tokens": 7, "total_tokens": 157,
                  "prompt_tokens_details": {"cached_tokens": 30}},
    }  # fmt: skip


def _responses(answer: Prepared) -> dict[str, Any]:
    output: list[dict[str, Any]] = []
    if answer.arguments is not None:
        output.append({"type": "function_call", "id": "f1", "call_id": "c1", "name": answer.tool,
                       "arguments": _arguments(answer), "status": "completed"})  # fmt: skip
    cut = answer.stop == "max_tokens"
    return {
        "id": "r1", "object": "response", "created_at": 1, "model": "gpt-5",
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": output, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
        "usage": {"input_tokens": 150, "input_tokens_details": {"cached_tokens": 30},
                  "output_tokens": 7, "output_tokens_details": {"reasoning_tokens": 0},
                  "total_tokens": 157},
    }  # fmt: skip
