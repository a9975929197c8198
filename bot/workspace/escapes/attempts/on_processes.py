"""Attempts on processes of the host."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from .registry import Targets, attempt, considered, read


@attempt
def see_a_host_process(t: Targets) -> str | None:
    return t["marker"] if _marked(t, "cmdline") else None


@attempt
def kill_a_host_process(t: Targets) -> str | None:
    os.kill(t["victim"], signal.SIGUSR1)
    return str(t["victim"]) if _marked(t, "cmdline") else None


@attempt
def trace_a_process(t: Targets) -> str | None:
    pid = os.fork()
    if pid == 0:
        time.sleep(20)
        os._exit(0)
    try:
        return considered(t, "ptrace", 16, pid, 0, 0)  # PTRACE_ATTACH
    finally:
        os.kill(pid, signal.SIGKILL)


@attempt
def read_another_processes_memory(t: Targets) -> str | None:
    pid = os.fork()
    if pid == 0:
        time.sleep(20)
        os._exit(0)
    try:
        return considered(t, "process_vm_readv", pid, 0, 0, 0, 0, 0)
    finally:
        os.kill(pid, signal.SIGKILL)


@attempt
def raise_priority(t: Targets) -> str | None:
    os.setpriority(os.PRIO_PROCESS, 0, -5)
    return "nice -5"


def _marked(t: Targets, file: str) -> bool:
    with contextlib.suppress(OSError):
        return t["marker"] in read(f"/proc/{t['victim']}/{file}")
    return False
