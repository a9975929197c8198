"""A closed-loop HTTP sender: every connection asks again as soon as it was answered.

    python benchmarks/load.py PORT CONNECTIONS SECONDS < one raw HTTP request

Prints a JSON object: answers by status, seconds, p50 and p99 in milliseconds. It runs in a process
of its own, so that its work is never counted as the server's.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import Counter


def load(port: int, connections: int, seconds: float, request: bytes) -> dict[str, object]:
    """Send `request` over and over; all answers are awaited, so the counts are exact."""
    waiting = selectors.DefaultSelector()
    asked: dict[socket.socket, float] = {}
    statuses: Counter[str] = Counter()
    times: list[float] = []
    began = time.perf_counter()
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port), timeout=10)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting.register(one, selectors.EVENT_READ, bytearray())
        asked[one] = time.perf_counter()
        one.sendall(request)
    while asked:
        for key, _ in waiting.select(timeout=10):
            one, answer = key.fileobj, key.data
            assert isinstance(one, socket.socket)
            piece = one.recv(65536)
            answer += piece
            if piece and not _is_whole(answer):
                continue
            now = time.perf_counter()
            statuses[bytes(answer[9:12]).decode() or "closed"] += 1
            times.append(now - asked[one])
            answer.clear()
            if piece and now - began < seconds:
                asked[one] = now
                one.sendall(request)
            else:
                waiting.unregister(one)
                one.close()
                del asked[one]
    times.sort()
    return {
        "statuses": dict(statuses),
        "seconds": time.perf_counter() - began,
        "p50_ms": 1000 * times[len(times) // 2],
        "p99_ms": 1000 * times[len(times) * 99 // 100],
    }


def _is_whole(answer: bytearray) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    lowered = head.lower()
    if b"transfer-encoding: chunked" in lowered:
        return body.endswith(b"0\r\n\r\n")
    _, found, rest = lowered.partition(b"content-length:")
    return bool(found) and len(body) >= int(rest.split(b"\r\n", 1)[0])


if __name__ == "__main__":
    port, connections, seconds = sys.argv[1:4]
    print(json.dumps(load(int(port), int(connections), float(seconds), sys.stdin.buffer.read())))
