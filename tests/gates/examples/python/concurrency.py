import asyncio
import os
import threading
import time

import requests

lock = threading.Lock()
count = 0
total = 0


async def slept():
    # ruleid: towpath.python.concurrency.blocking-call-in-coroutine
    time.sleep(1)
    # ruleid: towpath.python.concurrency.blocking-call-in-coroutine
    requests.get("https://example.org", timeout=5)
    # ok: towpath.python.concurrency.blocking-call-in-coroutine
    await asyncio.sleep(1)
    # ok: towpath.python.concurrency.blocking-call-in-coroutine
    await asyncio.to_thread(time.sleep, 1)


def slept_in_thread():
    # ok: towpath.python.concurrency.blocking-call-in-coroutine
    time.sleep(1)


async def started(tasks):
    # ruleid: towpath.python.concurrency.task-lost
    asyncio.create_task(slept())
    # ok: towpath.python.concurrency.task-lost
    task = asyncio.create_task(slept())
    # ok: towpath.python.concurrency.task-lost
    tasks.add(asyncio.create_task(slept()))
    # ok: towpath.python.concurrency.task-lost
    tasks = [asyncio.create_task(slept()) for _ in range(3)]
    await asyncio.gather(task, *tasks)


async def forgotten():
    # ruleid: towpath.python.concurrency.coroutine-not-awaited
    asyncio.sleep(1)
    # ruleid: towpath.python.concurrency.coroutine-not-awaited
    slept()
    # ok: towpath.python.concurrency.coroutine-not-awaited
    await slept()
    # ok: towpath.python.concurrency.coroutine-not-awaited
    waiting = slept()
    return await waiting


async def looped():
    # ruleid: towpath.python.concurrency.loop-run-inside-loop
    asyncio.run(slept())


def looped_outside():
    # ok: towpath.python.concurrency.loop-run-inside-loop
    asyncio.run(slept())


def taken(items):
    # ruleid: towpath.python.concurrency.lock-never-released
    lock.acquire()
    items.append(1)


def taken_unsafely(items):
    # ruleid: towpath.python.concurrency.lock-released-only-on-success
    lock.acquire()
    items.append(1)
    lock.release()


def taken_safely(items):
    # ok: towpath.python.concurrency.lock-never-released, towpath.python.concurrency.lock-released-only-on-success
    lock.acquire()
    try:
        items.append(1)
    finally:
        lock.release()


def counted():
    global count
    # ruleid: towpath.python.concurrency.global-changed-without-lock
    count += 1


def counted_locked():
    global total
    with lock:
        # ok: towpath.python.concurrency.global-changed-without-lock
        total += 1


def protected(items):
    # ruleid: towpath.python.concurrency.lock-made-on-the-spot
    with threading.Lock():
        items.append(1)
    # ok: towpath.python.concurrency.lock-made-on-the-spot
    with lock:
        items.append(1)


async def waited(items):
    # ruleid: towpath.python.concurrency.await-under-thread-lock
    with lock:
        await slept()
    # ok: towpath.python.concurrency.await-under-thread-lock
    with lock:
        items.append(1)


def forked():
    # ruleid: towpath.python.concurrency.fork-in-threads
    os.fork()
    # ok: towpath.python.concurrency.fork-in-threads
    os.getpid()
