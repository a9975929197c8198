"""A first battery of escapes, with controls: the same attempt succeeds where nothing holds it."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.workspace.bubblewrap import Bubblewrap
from bot.workspace.choose_sandbox import choose_sandbox
from bot.workspace.interpreter import choose_interpreter
from bot.workspace.plain_process import PlainProcess
from bot.workspace.sandbox import MIB, Limits, Run, Sandbox, SandboxUnavailable
from bot.workspace.seccomp import NoFilter, program

PYTHON = "/usr/bin/python3"
needs_python = pytest.mark.skipif(not os.path.exists(PYTHON), reason="no system Python")


def shell(sandbox: Sandbox, script: str, tree: Path, **kwargs: object) -> Run:
    return sandbox.run(["sh", "-c", script], tree=tree, **kwargs)  # type: ignore[arg-type]


def python(sandbox: Sandbox, script: str, tree: Path, **kwargs: object) -> Run:
    return sandbox.run([PYTHON, "-c", script], tree=tree, **kwargs)  # type: ignore[arg-type]


def free() -> PlainProcess:
    return PlainProcess()


def test_the_check_finds_nothing_wrong_with_this_machine(sandbox: Sandbox) -> None:
    assert [f for f in sandbox.check() if not f.ok] == []
    assert {f.name for f in sandbox.check()} >= {"network", "host_files", "host_user"}


def test_the_check_sees_through_no_sandbox(tmp_path: Path) -> None:
    from bot.workspace.sandbox_check import findings

    wrong = {f.name for f in findings(free()) if not f.ok}
    assert {"host_files", "host_processes", "system_calls"} <= wrong


def test_the_command_works_in_its_tree_and_its_exit_code_comes_back(
    sandbox: Sandbox, tree: Path
) -> None:
    run = shell(sandbox, "pwd; echo made > file; echo err >&2; exit 7", tree)
    assert (run.exit_code, run.text) == (7, "/workspace\nerr\n")
    assert (tree / "file").read_text() == "made\n"
    assert not run.ok
    assert not run.timed_out
    assert shell(sandbox, "true", tree).ok
    assert sandbox.run(["no-such-program"], tree=tree).exit_code == 127


def test_host_files_are_not_there(sandbox: Sandbox, tree: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    script = f"cat {secret} /etc/shadow /root/.bashrc /proc/1/root/etc/shadow; ls /home /work"
    assert "of the host" in shell(free(), script, tree).text
    run = shell(sandbox, script, tree)
    assert "of the host" not in run.text
    assert "root:" not in run.text
    assert run.text.count("No such file") + run.text.count("ermission denied") >= 5


def test_a_link_in_the_tree_to_a_host_file_leads_nowhere(
    sandbox: Sandbox, tree: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    (tree / "link").symlink_to(secret)
    assert "of the host" in shell(free(), "cat link", tree).text
    assert shell(sandbox, "cat link", tree).exit_code == 1


def test_the_environment_begins_from_nothing(
    sandbox: Sandbox, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWPATH_SECRET", "hidden")
    run = shell(sandbox, "env; tr '\\0' '\\n' < /proc/1/environ", tree, env={"GIVEN": "yes"})
    assert "hidden" not in run.text
    assert "GIVEN=yes" in run.text


@needs_python
def test_no_network_by_address_by_name_or_by_abstract_socket(sandbox: Sandbox, tree: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        abstract.bind("\0towpath-test")
        abstract.listen()
        script = f"""
import socket
def attempt(name, do):
    try: do(); print(name, "reached")
    except OSError as problem: print(name, "refused")
attempt("tcp", lambda: socket.create_connection(("127.0.0.1", {server.getsockname()[1]}), 2))
def unix():
    s = socket.socket(socket.AF_UNIX); s.connect("\\0towpath-test")
attempt("unix", unix)
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9)))
attempt("packet", lambda: socket.socket(17, 3, 0))
attempt("netlink", lambda: socket.socket(16, 3, 0))
def own():
    s = socket.create_server(("127.0.0.1", 0)); socket.create_connection(s.getsockname(), 2)
attempt("own loopback", own)
"""
        assert "tcp reached\nunix reached" in python(free(), script, tree).text
        lines = python(sandbox, script, tree).text.splitlines()
    assert lines == [
        "tcp refused", "unix refused", "udp refused", "packet refused", "netlink refused",
        "own loopback reached",
    ]  # fmt: skip


def test_the_system_is_read_only_and_so_is_what_was_bound_so(
    sandbox: Sandbox, tree: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir(mode=0o777)
    (tools / "tool").write_text("x")
    script = (
        "for f in /usr/x /etc/x /x /bin/x /proc/sys/kernel/core_pattern /tools/x /tools/tool "
        '/dev/x; do (echo y > "$f") 2>/dev/null && echo "wrote $f"; done; cat /tools/tool'
    )
    run = shell(sandbox, script, tree, readonly={"/tools": tools})
    assert run.text == "x"
    assert os.listdir(tools) == ["tool"]


def test_the_host_user_is_never_root_and_holds_no_capability(sandbox: Sandbox, tree: Path) -> None:
    run = shell(
        sandbox, "touch mine; grep -E '^Cap(Eff|Prm|Inh|Amb)' /proc/self/status; id -u", tree
    )
    assert (tree / "mine").stat().st_uid != 0
    assert run.text.count("0000000000000000") == 4
    assert run.text.endswith("1000\n")


@needs_python
def test_system_calls_that_reach_the_kernels_cellar_are_refused(
    sandbox: Sandbox, tree: Path
) -> None:
    script = """
import ctypes, errno, fcntl, os, platform
libc = ctypes.CDLL(None, use_errno=True)
x86 = platform.machine() == "x86_64"
def call(name, number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(number, *args)
    print(name, "allowed" if result >= 0 else errno.errorcode[ctypes.get_errno()])
call("ptrace", 101 if x86 else 117, 0, 0, 0, 0)
call("keyctl", 250 if x86 else 219, 0, -3, 1)
call("unshare", 272 if x86 else 97, 0x10000000)
call("clone3", 435, 0, 0)
call("bpf", 321 if x86 else 280, 0, 0, 0)
call("io_uring_setup", 425, 1, 0)
call("userfaultfd", 323 if x86 else 282, 1)
call("mount", 165 if x86 else 40, 0, 0, 0, 0, 0)
call("clone newuser", 56 if x86 else 220, 0x10000000 | 17, 0, 0, 0, 0)
if x86:
    call("x32", 0x40000000 | 39)
print("getpid", "allowed" if libc.syscall(39 if x86 else 172) > 0 else "refused")
"""
    said = dict(line.rsplit(" ", 1) for line in python(sandbox, script, tree).text.splitlines())
    assert said.pop("clone3") == "ENOSYS"
    assert said.pop("x32", "ENOSYS") == "ENOSYS"
    assert said.pop("getpid") == "allowed"
    assert set(said.values()) == {"EPERM"}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_jump_of_the_filter_stays_inside_it(machine: str) -> None:
    code = [program(machine)[n : n + 8] for n in range(0, len(program(machine)), 8)]
    for at, op in enumerate(code):
        if op[0] & 0x07 == 0x05:
            assert at + 1 + max(op[2], op[3]) < len(code)
    assert code[-1][0] == 0x06
    with pytest.raises(NoFilter):
        program("mips")


def test_no_descriptor_of_ours_is_inherited(sandbox: Sandbox, tree: Path, tmp_path: Path) -> None:
    secret = tmp_path / "open"
    secret.write_text("of the host")
    opened = os.open(secret, os.O_RDONLY)
    os.set_inheritable(opened, True)
    try:
        run = shell(sandbox, "ls /proc/self/fd; readlink /proc/self/fd/*", tree)
    finally:
        os.close(opened)
    assert run.text.split("\n")[:4] == ["0", "1", "2", "3"]  # 3: ls's own
    assert "open" not in run.text


@needs_python
def test_a_fork_bomb_stops_at_the_limit_and_leaves_nobody(sandbox: Sandbox, tree: Path) -> None:
    script = """
import os, time
made = 0
try:
    while made < 5000:
        if os.fork() == 0:
            time.sleep(301)
        made += 1
except OSError:
    pass
print(made, flush=True)
os._exit(0)
"""
    run = python(sandbox, script, tree, limits=Limits(processes=60, wall_s=20))
    assert 0 < int(run.text) < 60
    assert run.duration_s < 10
    assert survivors(f"{PYTHON} -c {script}") == []


@needs_python
def test_a_memory_bomb_dies_alone(sandbox: Sandbox, tree: Path) -> None:
    script = "x = bytearray(400 << 20)\nprint('allocated', len(x))"
    assert "allocated" in python(sandbox, script, tree, limits=Limits(memory=1024 * MIB)).text
    run = python(sandbox, script, tree, limits=Limits(memory=128 * MIB))
    assert not run.ok
    assert run.killed_by == "memory" or "MemoryError" in run.text


def test_output_without_end_is_cut_and_both_ends_are_kept(sandbox: Sandbox, tree: Path) -> None:
    run = shell(sandbox, "echo first; yes", tree, limits=Limits(output=3 * MIB))
    assert (run.killed_by, run.exit_code, run.output_truncated) == ("output", None, True)
    assert run.text.startswith("first\ny\n")
    assert len(run.head) + len(run.tail) < 200_000
    run = shell(sandbox, "yes x | head -c 500000; echo; echo last", tree)
    assert run.output_truncated
    assert run.ok
    assert run.text.endswith("last\n")


def test_a_command_that_hangs_ends_at_the_wall_clock(sandbox: Sandbox, tree: Path) -> None:
    run = shell(sandbox, "echo begun; sleep 302", tree, limits=Limits(wall_s=0.7))
    assert (run.killed_by, run.timed_out, run.exit_code) == ("wall", True, None)
    assert run.text == "begun\n"
    assert run.duration_s < 3
    quiet = shell(sandbox, "exec >&- 2>&-; sleep 302", tree, limits=Limits(wall_s=0.7))
    assert quiet.killed_by == "wall"
    assert survivors("sleep 302") == []


def test_a_process_that_burns_its_time_is_ended_and_the_limit_named(
    sandbox: Sandbox, tree: Path
) -> None:
    run = shell(sandbox, "while :; do :; done", tree, limits=Limits(cpu_s=1, wall_s=30))
    assert (run.killed_by, run.timed_out) == ("cpu", True)


def test_a_daemon_does_not_outlive_the_run(sandbox: Sandbox, tree: Path) -> None:
    script = "setsid sh -c 'sleep 303' >/dev/null 2>&1 & setsid sleep 303 & echo away"
    run = shell(sandbox, script, tree, limits=Limits(wall_s=20))
    assert run.text == "away\n"
    assert run.duration_s < 5
    assert survivors("sleep 303") == []


def test_a_killed_worker_leaves_no_sandbox_behind(tmp_path: Path, sandbox: Sandbox) -> None:
    script = """
from bot.workspace.choose_sandbox import choose_sandbox
choose_sandbox().run(["sh", "-c", "sleep 304"])
"""
    worker = subprocess.Popen([sys.executable, "-c", script])
    wait_for(lambda: survivors("sleep 304") != [])
    worker.kill()
    worker.wait()
    wait_for(lambda: survivors("sleep 304") == [])


def test_one_huge_file_and_a_full_disk_are_stopped(sandbox: Sandbox, tree: Path) -> None:
    limits = Limits(file=1 * MIB, wall_s=20)
    run = shell(sandbox, "head -c 5000000 /dev/zero > big; ls -l big", tree, limits=limits)
    assert (tree / "big").stat().st_size == MIB
    many = "i=0; while :; do i=$((i+1)); head -c 900000 /dev/zero > f$i; done"
    run = shell(sandbox, many, tree, limits=Limits(disk=20 * MIB, wall_s=20))
    assert run.killed_by == "disk"


def test_temporary_files_are_private_and_bounded(sandbox: Sandbox, tree: Path) -> None:
    limits = Limits(temporary=4 * MIB)
    fill = "echo x > /tmp/mine; head -c 9000000 /dev/zero > /tmp/big || echo full; "
    fill += "head -c 9000000 /dev/zero > /dev/shm/big || echo full"
    run = shell(sandbox, fill, tree, limits=limits)
    assert run.text.count("full\n") == 2
    assert shell(sandbox, "ls -A /tmp /dev/shm", tree).text == "/dev/shm:\n\n/tmp:\nhome\n"


def test_a_place_that_other_users_cannot_reach_can_still_be_bound(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    inner = closed / "tree"
    inner.mkdir(parents=True)
    closed.chmod(0o700)
    if sandbox.owner:
        os.chown(inner, *sandbox.owner)
    assert shell(sandbox, "echo x > here", inner).ok
    assert (inner / "here").exists()


def test_bound_places_inside_one_another_do_not_cover_each_other(
    sandbox: Sandbox, tree: Path, tmp_path: Path
) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "x").write_text("package")
    run = shell(sandbox, "cat node_modules/x", tree, readonly={"/workspace/node_modules": packages})
    assert run.text == "package"


def test_the_python_that_we_run_on_can_be_bound_wherever_it_lives(
    sandbox: Sandbox, tree: Path
) -> None:
    own = f"=={sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    found = choose_interpreter(own)
    run = sandbox.run([str(found.path), "-c", "import ssl; print(1)"], readonly=found.readonly)
    assert run.text == "1\n"


def test_a_run_costs_less_than_thirty_milliseconds_of_processor_time(
    sandbox: Sandbox, tree: Path
) -> None:
    costs = []
    for _ in range(15):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert sandbox.run(["true"], tree=tree).ok
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert sorted(costs)[7] < 0.030


def test_without_an_adapter_nothing_runs_unless_it_was_allowed_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    choose_sandbox.cache_clear()
    try:
        with pytest.raises(SandboxUnavailable, match="no bwrap"):
            choose_sandbox()
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        run = choose_sandbox("unsandboxed").run(["true"])
        assert run.adapter == "none (unsandboxed)"
    finally:
        choose_sandbox.cache_clear()


def test_an_adapter_that_does_not_hold_is_not_used(tmp_path: Path) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done; shift; exec "$@"\n')
    fake.chmod(0o755)
    assert [f for f in Bubblewrap(tmp_path, "bwrap").check() if not f.ok]
    shutil.rmtree(tmp_path)


def survivors(words: str) -> list[str]:
    """Processes on the host whose whole command line is `words`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        except OSError:
            continue
        if b" ".join(arguments).decode("utf-8", "replace") == words:
            found.append(process.name)
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
