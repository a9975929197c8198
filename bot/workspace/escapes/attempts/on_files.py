"""Attempts on the files of the host."""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os

from .registry import Targets, attempt, call, considered, first, read, secret_in


@attempt
def secret_by_its_path(t: Targets) -> str | None:
    return secret_in(t, t["secret_file"])


@attempt
def password_file(t: Targets) -> str | None:
    return "/etc/shadow" if "root:" in read("/etc/shadow") else None


@attempt
def home_folders(t: Targets) -> str | None:
    found = [p for p in (t["home"], "/root", "/home") if os.path.isdir(p) and os.listdir(p)]
    return ", ".join(p for p in found if p != os.environ.get("HOME")) or None


@attempt
def other_work_tree(t: Targets) -> str | None:
    return secret_in(t, os.path.join(t["neighbour"], "code.py"))


@attempt
def write_in_other_work_tree(t: Targets) -> str | None:
    with open(os.path.join(t["neighbour"], "planted"), "w") as file:
        return file.name


@attempt
def write_beside_the_tree(t: Targets) -> str | None:
    with open(os.path.join(t["outside"], "planted"), "w") as file:
        return file.name


@attempt
def write_in_the_system(t: Targets) -> str | None:
    for folder in ("/usr/local/bin", "/usr", "/etc", "/", "/tools"):
        path = os.path.join(folder, t["nonce"])
        with contextlib.suppress(OSError):
            with open(path, "w"):
                os.unlink(path)
            return path
    return None


@attempt
def link_to_a_secret(t: Targets) -> str | None:
    os.symlink(t["secret_file"], "link-to-secret")
    return secret_in(t, "link-to-secret")


@attempt
def write_through_a_link(t: Targets) -> str | None:
    os.symlink(t["outside"], "link-out")
    with open("link-out/planted", "w") as file:
        return file.name


@attempt
def hard_link_to_a_secret(t: Targets) -> str | None:
    os.link(t["secret_file"], "hard-link")
    return secret_in(t, "hard-link")


@attempt
def up_and_out(t: Targets) -> str | None:
    path = os.path.join(os.getcwd(), "../" * 30, t["secret_file"].lstrip("/"))
    return secret_in(t, path)


@attempt
def root_of_another_process(t: Targets) -> str | None:
    folders = glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/cwd")
    return first(t, [folder + t["secret_file"] for folder in folders])


@attempt
def shocker(t: Targets) -> str | None:
    """open_by_handle_at: a file by its number, past every path."""
    buffer = ctypes.create_string_buffer(128)
    ctypes.cast(buffer, ctypes.POINTER(ctypes.c_uint))[0] = 120
    mount = ctypes.c_int()
    call(t, "name_to_handle_at", -100, b"/usr", buffer, ctypes.byref(mount), 0)
    anchor = os.open("/", os.O_RDONLY)
    return considered(t, "open_by_handle_at", anchor, buffer, os.O_RDONLY)


@attempt
def device_files(t: Targets) -> str | None:
    for path in ("/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/vda"):
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_RDONLY))
            return path
    return None


@attempt
def own_device_file(t: Targets) -> str | None:
    os.mknod("device", 0o600 | 0o020000, os.makedev(1, 11))
    os.close(os.open("device", os.O_RDONLY))
    return "mknod"
