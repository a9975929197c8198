import datetime
import re

from flask import request


def swallowed(work):
    # ruleid: towpath.python.errors.everything-swallowed
    try:
        work()
    except:
        pass
    # ok: towpath.python.errors.everything-swallowed, towpath.python.errors.exception-swallowed
    try:
        work()
    except FileNotFoundError:
        pass
    # ruleid: towpath.python.errors.exception-swallowed
    try:
        work()
    except Exception:
        pass
    # ok: towpath.python.errors.exception-swallowed
    try:
        work()
    except Exception as error:
        print(error)


def lost(work):
    # ruleid: towpath.python.errors.lost-in-finally
    try:
        work()
    finally:
        return 1


def not_lost(work):
    # ok: towpath.python.errors.lost-in-finally
    try:
        return work()
    finally:
        print("done")


def asserted(value):
    # ruleid: towpath.python.errors.assert-always-true
    assert (value > 1, "too small")
    # ok: towpath.python.errors.assert-always-true
    assert value > 1, "too small"


def identical(name, number):
    # ruleid: towpath.python.errors.literal-compared-by-identity
    first = name is "boat"
    # ruleid: towpath.python.errors.literal-compared-by-identity
    second = number is 3
    # ok: towpath.python.errors.literal-compared-by-identity
    return first, second, name is None, number == 3


def collected(item, items=[]):
    # ruleid: towpath.python.errors.mutable-default
    items.append(item)


def collected_fresh(item, items=None):
    items = items or []
    # ok: towpath.python.errors.mutable-default
    items.append(item)


def read_only(item, items=[]):
    # ok: towpath.python.errors.mutable-default
    return item in items


def removed(boats):
    # ruleid: towpath.python.errors.changed-while-iterated
    for boat in boats:
        if boat.sunk:
            boats.remove(boat)
    # ok: towpath.python.errors.changed-while-iterated
    for boat in list(boats):
        boats.remove(boat)


def captured(names):
    calls = []
    # ruleid: towpath.python.errors.loop-variable-captured
    for name in names:
        calls.append(lambda: name)
    # ok: towpath.python.errors.loop-variable-captured
    for name in names:
        calls.append(name)
    return calls


def now():
    # ruleid: towpath.python.errors.time-without-zone
    first = datetime.datetime.utcnow()
    # ok: towpath.python.errors.time-without-zone
    return first, datetime.datetime.now(datetime.UTC)


def abstract():
    # ruleid: towpath.python.errors.not-implemented-raised
    raise NotImplemented


def abstract_right():
    # ok: towpath.python.errors.not-implemented-raised
    raise NotImplementedError


def stopped():
    # ruleid: towpath.python.errors.breakpoint-left
    breakpoint()
    # ok: towpath.python.errors.breakpoint-left
    print("breakpoint()")


def catastrophic(text):
    # ruleid: towpath.python.errors.regex-catastrophic
    first = re.match(r"^(a+)+$", text)
    # ruleid: towpath.python.errors.regex-catastrophic
    second = re.compile(r"(\w+)*@")
    # ruleid: towpath.python.errors.regex-catastrophic
    third = re.search(r"([a-z]+\.?)+$", text)
    # ok: towpath.python.errors.regex-catastrophic
    return first, second, third, re.match(r"^a+(,a+)*$", text), re.compile(r"(\w+)\s+")


def searched(text):
    # ruleid: towpath.python.errors.regex-from-request
    first = re.search(request.args["q"], text)
    # ok: towpath.python.errors.regex-from-request
    return first, re.search(re.escape(request.args["q"]), text)
