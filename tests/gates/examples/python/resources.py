import contextlib
import functools
import gzip
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import zlib

import requests
from flask import request


def counted(path):
    # ruleid: towpath.python.resources.opened-never-closed
    file = open(path)
    total = 0
    for line in file:
        total += len(line)
    return total


def read(path):
    # ruleid: towpath.python.resources.opened-never-closed
    file = open(path, encoding="utf-8")
    text = file.read()
    return text


def stored(path, name):
    # ruleid: towpath.python.resources.opened-never-closed
    connection = sqlite3.connect(path)
    cursor = connection.cursor()
    cursor.execute("INSERT INTO boats VALUES (?)", (name,))
    connection.commit()


def asked(host):
    # ruleid: towpath.python.resources.opened-never-closed
    sock = socket.socket()
    sock.connect((host, 80))
    sock.sendall(b"hello")
    return sock.recv(100)


def fetched():
    # ruleid: towpath.python.resources.opened-never-closed
    session = requests.Session()
    return session.get("https://example.org", timeout=5).text


def closed(path):
    # ok: towpath.python.resources.opened-never-closed
    file = open(path)
    try:
        return file.read()
    finally:
        file.close()


def opened(path):
    # ok: towpath.python.resources.opened-never-closed
    file = open(path)
    return file


def kept(self, path):
    # ok: towpath.python.resources.opened-never-closed
    self.file = open(path)


def with_later(path):
    # ok: towpath.python.resources.opened-never-closed
    file = open(path)
    with file:
        return file.read()


def handed_over(path, stack):
    # ok: towpath.python.resources.opened-never-closed
    file = open(path)
    stack.enter_context(file)
    return stack


def handed_to_popen(path):
    # ok: towpath.python.resources.opened-never-closed
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")


def dropped(path, data):
    # ruleid: towpath.python.resources.read-and-dropped
    text = open(path).read()
    # ruleid: towpath.python.resources.read-and-dropped
    open(path, "w").write(text)
    # ruleid: towpath.python.resources.read-and-dropped
    json.dump(data, open(path, "w"))
    # ruleid: towpath.python.resources.read-and-dropped
    lines = [line.strip() for line in open(path)]
    # ok: towpath.python.resources.read-and-dropped
    with open(path) as file:
        return lines, file.read()


def closed_on_success(path):
    # ruleid: towpath.python.resources.closed-only-on-success
    file = open(path)
    text = file.read()
    file.close()
    return text


def closed_always(path):
    # ok: towpath.python.resources.closed-only-on-success
    file = open(path)
    try:
        text = file.read()
    finally:
        file.close()
    return text


def descriptor(path):
    # ruleid: towpath.python.resources.descriptor-never-closed
    fd = os.open(path, os.O_RDONLY)
    return os.read(fd, 10)


def descriptor_closed(path):
    # ok: towpath.python.resources.descriptor-never-closed
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 10)
    finally:
        os.close(fd)


def descriptor_wrapped():
    # ok: towpath.python.resources.descriptor-never-closed
    fd, path = tempfile.mkstemp()
    with os.fdopen(fd, "w") as file:
        file.write("x")
    return path


def folder_left(work):
    # ruleid: towpath.python.resources.temporary-folder-left
    folder = tempfile.mkdtemp()
    work(folder)


def folder_removed(work):
    # ok: towpath.python.resources.temporary-folder-left
    folder = tempfile.mkdtemp()
    try:
        work(folder)
    finally:
        shutil.rmtree(folder)


def started(path):
    # ruleid: towpath.python.resources.process-not-awaited
    process = subprocess.Popen(["gzip", path])
    print(process.pid)


def awaited(path):
    # ok: towpath.python.resources.process-not-awaited
    process = subprocess.Popen(["gzip", path])
    return process.wait()


class Boat:
    # ruleid: towpath.python.resources.cache-keeps-instances
    @functools.lru_cache(maxsize=None)
    def length(self):
        return 1

    # ok: towpath.python.resources.cache-keeps-instances
    @functools.cached_property
    def width(self):
        return 1


def unpacked():
    # ruleid: towpath.python.resources.archive-read-without-limit
    gzip.decompress(request.data)
    # ok: towpath.python.resources.archive-read-without-limit
    return zlib.decompressobj().decompress(request.data, 10_000)


def first_lines(paths):
    lines = []
    for path in paths:
        # ruleid: towpath.python.resources.opened-never-closed
        file = open(path)
        lines.append(file.readline())
    return lines


def kept_open(path, files):
    # ok: towpath.python.resources.opened-never-closed
    file = open(path)
    files.append(file)
