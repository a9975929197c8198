"""Inside a sandbox without a network: lets a command reach the proxy's socket as a TCP port.

    python forwarder.py SOCKET COMMAND…

Promises: listens on loopback before the command starts, takes its place (same process id, same
exit code) and ends with it. Needs the standard library only.
Never: listens anywhere but on the sandbox's own loopback.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

PORT = 3128


def main() -> None:
    path, *command = sys.argv[1:]
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", PORT))
    except OSError:  # without a network of our own it may be somebody else's
        listener.bind(("127.0.0.1", 0))
        here = f"127.0.0.1:{listener.getsockname()[1]}"
        for name, value in os.environ.items():
            os.environ[name] = value.replace(f"127.0.0.1:{PORT}", here)
    listener.listen(128)
    if os.fork() == 0:
        while True:
            threading.Thread(target=relay, args=(listener.accept()[0], path), daemon=True).start()
    listener.close()
    os.execvp(command[0], command)  # noqa: S606 - to take its place is the point


def relay(client: socket.socket, path: str) -> None:
    """Both directions of one connection, until both have ended."""
    proxy = socket.socket(socket.AF_UNIX)
    proxy.connect(path)
    back = threading.Thread(target=copy, args=(proxy, client), daemon=True)
    back.start()
    copy(client, proxy)
    back.join()
    client.close()
    proxy.close()


def copy(source: socket.socket, to: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        to.close()  # one of them is gone: the other has nothing to wait for


if __name__ == "__main__":
    main()
