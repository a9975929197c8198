"""A server as a process in the sandbox, spoken to over two named pipes.

Promises: the process runs behind the same door as a project's own code, with its limits, without
network and without a secret; it and all that it began are dead when the session ends; what it says
is cut after so many bytes. Never: gives it a folder to write to, but the files of the story, which
are thrown away.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from mcp.client.stdio import StdioServerParameters, stdio_client

from bot.agent.servers.network import MOST_BYTES
from bot.workspace.sandbox import MIB, Limits, Run, Sandbox

_PIPES = "/tools/talk"
# The server, until it ends or `end` is opened and closed; then nothing of it is left.
_HOLD = (
    f'"$@" < {_PIPES}/in > {_PIPES}/out & server=$!; '
    f"(read -r _ < {_PIPES}/end; kill -KILL $server) & wait $server"
)
# This side: what was said goes to the SDK as it comes, $2 bytes at most.
_BRIDGE = 'dd if="$1/out" bs=65536 count="$2" iflag=count_bytes status=none & exec cat > "$1/in"'
_GRACE_S = 10.0


def limits(seconds: float) -> Limits:
    """Of a server's process."""
    return Limits(
        cpu_s=int(seconds) + 5,
        wall_s=seconds + _GRACE_S,
        disk=256 * MIB,
        file=64 * MIB,
        temporary=64 * MIB,
        output=MIB,
    )


@asynccontextmanager
async def inside(
    sandbox: Sandbox,
    argv: Sequence[str],
    *,
    seconds: float,
    tree: Path | None = None,
    folders: Sequence[Path] = (),
) -> AsyncIterator[Any]:
    """The two streams of a server, for the SDK's client."""
    with tempfile.TemporaryDirectory(prefix="towpath-server-") as made, open(os.devnull, "w") as no:
        folder = Path(made)
        for name in ("in", "out", "end"):
            os.mkfifo(folder / name, 0o600)
            if sandbox.owner:
                os.chown(folder / name, *sandbox.owner)
        if sandbox.owner:
            os.chown(folder, *sandbox.owner)
        run = partial(
            sandbox.run,
            ["/bin/sh", "-c", _HOLD, "sh", *argv],
            tree=tree,
            readonly={_PIPES: folder, **{str(one): one for one in folders}},
            limits=limits(seconds),
        )
        over = anyio.Event()

        async def held() -> None:
            try:
                ended: Run = await anyio.to_thread.run_sync(run)
                del ended  # what it said beside the protocol is nobody's business
            finally:
                over.set()
                _let_go(folder, "in", "out")

        server = StdioServerParameters(
            command="/bin/sh",
            args=["-c", _BRIDGE, "sh", str(folder), str(MOST_BYTES)],
            encoding_error_handler="replace",
        )
        async with anyio.create_task_group() as group:
            group.start_soon(held)
            try:
                async with stdio_client(server, errlog=no) as streams:
                    yield streams
            finally:
                with anyio.CancelScope(shield=True):
                    while not over.is_set():
                        _end(folder)
                        with anyio.move_on_after(0.05):
                            await over.wait()


def _let_go(folder: Path, *names: str) -> None:
    """Whoever still waits for the other end of a pipe finds it closed."""
    for name in names:
        with suppress(OSError):
            os.close(os.open(folder / name, os.O_RDWR | os.O_NONBLOCK))


def _end(folder: Path) -> None:
    with suppress(OSError):  # nobody listens yet, or any more
        os.close(os.open(folder / "end", os.O_WRONLY | os.O_NONBLOCK))
    _let_go(folder, "in", "out")
