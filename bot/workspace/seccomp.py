"""The system calls that a sandboxed program has no business making, as a kernel filter.

Promises: the bytes of a classic BPF program for this machine's architecture, made without any
library, the same for the same machine. Denied calls fail with EPERM (clone3: ENOSYS, so that C
libraries fall back to clone, whose flags can be judged; sockets of other families: EAFNOSUPPORT).
Never: lets through a call made under a foreign architecture (x32, i386).
"""

from __future__ import annotations

import errno
import platform
import socket
import struct
from functools import cache
from typing import Any

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _JEQ, _JGE, _JSET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24  # offsets in struct seccomp_data, low halves

# clone and unshare flags: NEWTIME | NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
_NEW_NAMESPACE = 0x80 | 0x20000 | 0x2000000 | 0x4000000 | 0x8000000
_NEW_NAMESPACE |= 0x10000000 | 0x20000000 | 0x40000000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

# name: (x86_64, arm64); -1 where the architecture has no such call
_DENIED = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "unshare": (272, 97), "setns": (308, 268),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "syslog": (103, 116),
    "quotactl": (179, 60), "quotactl_fd": (443, 443), "fanotify_init": (300, 262),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266),
    "adjtimex": (159, 171), "iopl": (172, -1), "ioperm": (173, -1), "modify_ldt": (154, -1),
    "vhangup": (153, 58), "nfsservctl": (180, 42), "lookup_dcookie": (212, 18),
    "uselib": (134, -1), "ustat": (136, -1), "sysfs": (139, -1), "vmsplice": (278, 75),
}  # fmt: skip
_SPECIAL = {"clone": (56, 220), "clone3": (435, 435), "socket": (41, 198), "ioctl": (16, 29)}
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_ENGINE_NAMES = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}
_FAMILIES = (int(socket.AF_UNIX), int(socket.AF_INET), int(socket.AF_INET6))


class NoFilter(RuntimeError):
    """There is no table of system calls for this architecture."""


def number(name: str, machine: str | None = None) -> int:
    """The number of a system call that the filter judges; -1 where there is none."""
    column = _MACHINES.get(machine or platform.machine(), (0, 0))[0]
    return {**_DENIED, **_SPECIAL}[name][column]


@cache
def program(machine: str | None = None) -> bytes:
    """The filter for `machine` (default: this one), as an array of struct sock_filter."""
    machine = machine or platform.machine()
    if machine not in _MACHINES:
        raise NoFilter(f"no system call table for {machine}")
    column, arch = _MACHINES[machine]
    special = {name: numbers[column] for name, numbers in _SPECIAL.items()}
    code = [
        _op(_LOAD, _ARCH),
        _op(_JEQ, arch, yes=1, no=0),
        _op(_RETURN, _KILL),
        _op(_LOAD, _NUMBER),
        # x32 calls carry bit 30 under the same architecture; no real number is that large.
        _op(_JGE, 0x40000000, yes=0, no=1),
        _op(_RETURN, _ERRNO | errno.ENOSYS),
    ]
    for number in sorted(n[column] for n in _DENIED.values() if n[column] >= 0):
        code += [_op(_JEQ, number, yes=0, no=1), _op(_RETURN, _ERRNO | errno.EPERM)]
    code += [
        _op(_JEQ, special["clone3"], yes=0, no=1),
        _op(_RETURN, _ERRNO | errno.ENOSYS),
        _op(_JEQ, special["clone"], yes=0, no=4),
        _op(_LOAD, _ARG0),
        _op(_JSET, _NEW_NAMESPACE, yes=0, no=1),
        _op(_RETURN, _ERRNO | errno.EPERM),
        _op(_RETURN, _ALLOW),
        _op(_JEQ, special["socket"], yes=0, no=6),
        _op(_LOAD, _ARG0),
        *(_op(_JEQ, family, yes=3 - n, no=0) for n, family in enumerate(_FAMILIES)),
        _op(_RETURN, _ERRNO | errno.EAFNOSUPPORT),
        _op(_RETURN, _ALLOW),
        _op(_JEQ, special["ioctl"], yes=0, no=4),
        _op(_LOAD, _ARG1),
        _op(_JEQ, _TIOCSTI, yes=1, no=0),
        _op(_JEQ, _TIOCLINUX, yes=0, no=1),
        _op(_RETURN, _ERRNO | errno.EPERM),
        _op(_RETURN, _ALLOW),
    ]
    return b"".join(code)


def profile(machine: str | None = None) -> dict[str, Any]:
    """The same rules as a container engine takes them (an OCI runtime's seccomp section)."""
    machine = machine or platform.machine()
    if machine not in _ENGINE_NAMES:
        raise NoFilter(f"no system call table for {machine}")

    def rule(name: str, code: int, *conditions: tuple[str, int, int, int]) -> dict[str, Any]:
        args = [
            {"op": f"SCMP_CMP_{op}", "index": index, "value": value, "valueTwo": second}
            for op, index, value, second in conditions
        ]
        return {"names": [name], "action": "SCMP_ACT_ERRNO", "errnoRet": code, "args": args}

    column = _MACHINES[machine][0]
    rules = [rule(name, errno.EPERM) for name, known in _DENIED.items() if known[column] >= 0]
    rules.append(rule("clone3", errno.ENOSYS))
    flags = [1 << bit for bit in range(32) if _NEW_NAMESPACE & 1 << bit]
    rules += [rule("clone", errno.EPERM, ("MASKED_EQ", 0, flag, flag)) for flag in flags]
    low = 0xFFFFFFFF
    rules += [
        rule("ioctl", errno.EPERM, ("MASKED_EQ", 1, low, code)) for code in (_TIOCSTI, _TIOCLINUX)
    ]
    others = [n for n in range(max(_FAMILIES)) if n not in _FAMILIES]
    rules += [rule("socket", errno.EAFNOSUPPORT, ("EQ", 0, family, 0)) for family in others]
    rules.append(rule("socket", errno.EAFNOSUPPORT, ("GT", 0, max(_FAMILIES), 0)))
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": [_ENGINE_NAMES[machine]],
        "syscalls": rules,
    }


def _op(code: int, operand: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; `yes` and `no`: how many instructions to skip."""
    return struct.pack("=HBBI", code, yes, no, operand)
