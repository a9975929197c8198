"""Attempts on the kernel: privileges, namespaces, settings, rare calls."""

from __future__ import annotations

import contextlib
import ctypes
import glob
import mmap
import os
import signal
import time
from collections.abc import Callable

from .registry import Targets, attempt, call, considered, read


def _in_child(do: Callable[[], None]) -> None:
    """Run `do` in a process of its own; its OSError is ours."""
    pid = os.fork()
    if pid == 0:
        try:
            do()
        except OSError as problem:
            os._exit(problem.errno or 255)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        raise OSError(status, os.strerror(abs(status)))


@attempt
def become_root(t: Targets) -> str | None:
    _in_child(lambda: os.setresuid(0, 0, 0))
    return "uid 0"


@attempt
def user_namespace(t: Targets) -> str | None:
    _in_child(lambda: _none(call(t, "unshare", 0x10000000)))
    return "unshare"


@attempt
def user_namespace_by_clone(t: Targets) -> str | None:
    pid = call(t, "clone", 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return "clone"


@attempt
def mount_something(t: Targets) -> str | None:
    os.makedirs("mounted", exist_ok=True)

    def do() -> None:
        with contextlib.suppress(OSError):  # on a bare host: not in everybody's namespace
            call(t, "unshare", 0x20000)
            call(t, "mount", 0, b"/", 0, 1 << 18 | 1 << 14, 0)
        call(t, "mount", b"none", b"mounted", b"tmpfs", 0, 0)

    _in_child(do)
    return "tmpfs"


@attempt
def change_a_kernel_setting(t: Targets) -> str | None:
    path = "/proc/sys/kernel/core_pattern"
    before = read(path)
    with open(path, "w") as file:
        file.write(before)
    return path


@attempt
def control_groups(t: Targets) -> str | None:
    for folder in [*glob.glob("/sys/fs/cgroup/*"), "/sys/fs/cgroup"]:
        path = os.path.join(folder, t["nonce"])
        with contextlib.suppress(OSError):
            os.mkdir(path)
            os.rmdir(path)
            return folder
    return None


@attempt
def key_ring(t: Targets) -> str | None:
    return str(call(t, "keyctl", 0, -3, 1))


@attempt
def load_into_the_kernel(t: Targets) -> str | None:
    for name, arguments in (("bpf", (0, 0, 0)), ("finit_module", (-1, 0, 0))):
        with contextlib.suppress(OSError):
            return considered(t, name, *arguments)
    return None


@attempt
def kernel_memory_tricks(t: Targets) -> str | None:
    """Calls that kernel exploits begin with."""
    calls = (("userfaultfd", (1,)), ("io_uring_setup", (1, 0)), ("perf_event_open", (0, 0, -1, -1)))
    for name, arguments in calls:
        with contextlib.suppress(OSError):
            return considered(t, name, *arguments, 0)
    return None


@attempt
def calls_of_another_architecture(t: Targets) -> str | None:
    """getpid as a 32-bit call (int 0x80), which a filter for 64-bit calls alone does not see."""
    if t["machine"] != "x86_64":
        return None
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # mov eax, 20; int 0x80; ret
    entry = ctypes.addressof(ctypes.c_char.from_buffer(code))
    pid = os.fork()
    if pid == 0:
        answered = ctypes.CFUNCTYPE(ctypes.c_int)(entry)() == os.getpid()
        os._exit(0 if answered else 1)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return "int 0x80" if status == 0 else None


@attempt
def set_the_clock(t: Targets) -> str | None:
    time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME))
    return "clock_settime"


def _none(_: object) -> None:
    return None
