import os
import re

PATTERN = re.compile(r"v(\d+)")


def matched(text):
    # ruleid: towpath.python.absence.match-used-unchecked
    first = re.match(r"(\d+)", text).group(1)
    # ruleid: towpath.python.absence.match-used-unchecked
    second = PATTERN.search(text).group(1)
    return first, second


def matched_later(text):
    # ruleid: towpath.python.absence.match-used-unchecked
    match = re.search(r"(\d+)", text)
    return match.group(1)


def matched_checked(text):
    # ok: towpath.python.absence.match-used-unchecked
    match = re.search(r"(\d+)", text)
    return match.group(1) if match else None


def matched_walrus(text):
    # ok: towpath.python.absence.match-used-unchecked
    if match := PATTERN.search(text):
        return match.group(1)
    return [match.group(1) for match in PATTERN.finditer(text)]


def looked_up(options, client):
    # ruleid: towpath.python.absence.lookup-used-unchecked
    first = options.get("name").strip()
    # ruleid: towpath.python.absence.lookup-used-unchecked
    second = os.environ.get("PATH").split(":")
    # ok: towpath.python.absence.lookup-used-unchecked
    third = options.get("name", "").strip()
    # ok: towpath.python.absence.lookup-used-unchecked
    return first, second, third, options["name"].strip(), client.get("/boats").json()


def rows(Boat, session, boats, cursor, name):
    # ruleid: towpath.python.absence.first-row-used-unchecked
    first = session.query(Boat).filter(Boat.name == name).first().length
    # ruleid: towpath.python.absence.first-row-used-unchecked
    second = boats.find_one({"name": name})["length"]
    # ruleid: towpath.python.absence.first-row-used-unchecked
    third = cursor.execute("SELECT length FROM boats WHERE name = ?", (name,)).fetchone()[0]
    # ok: towpath.python.absence.first-row-used-unchecked
    fourth = cursor.execute("SELECT count(*) FROM boats WHERE name = ?", (name,)).fetchone()[0]
    # ok: towpath.python.absence.first-row-used-unchecked
    return first, second, third, fourth, session.query(Boat).filter(Boat.name == name).one().length


def row_later(Boat, name):
    # ruleid: towpath.python.absence.first-row-used-unchecked
    boat = Boat.query.filter_by(name=name).first()
    return boat.length


def row_checked(Boat, name):
    # ok: towpath.python.absence.first-row-used-unchecked
    boat = Boat.query.filter_by(name=name).first()
    return boat.length if boat else 0


def elements(tree):
    # ruleid: towpath.python.absence.found-element-used-unchecked
    first = tree.find("name").text
    # ok: towpath.python.absence.found-element-used-unchecked
    return first, tree.findtext("name", "")


def optional(boat=None):
    # ruleid: towpath.python.absence.optional-argument-used
    return boat.strip()


def optional_checked(boat: str | None = None):
    if boat is None:
        boat = "narrowboat"
    # ok: towpath.python.absence.optional-argument-used
    return boat.strip()


def generated(items):
    # ruleid: towpath.python.absence.next-without-default
    first = next(item for item in items if item > 1)
    # ok: towpath.python.absence.next-without-default
    return first, next((item for item in items if item > 1), None)


def matched_much_later(text):
    # ruleid: towpath.python.absence.match-used-unchecked
    match = re.search(r"(\d+)", text)
    print(text)
    return match.group(1)


def item(boats, name):
    # ruleid: towpath.python.absence.found-item-used-unchecked
    boat = boats.get(name)
    return boat.length


def item_checked(boats, name):
    # ok: towpath.python.absence.found-item-used-unchecked
    boat = boats.get(name)
    return boat.length if boat else 0


def page(client, url):
    # ok: towpath.python.absence.found-item-used-unchecked
    answer = client.get(url)
    return answer.text


def optional_typed(boat: str | None) -> str:
    # ruleid: towpath.python.absence.optional-argument-used
    return boat.strip()


def matched_and_converted(text):
    # ok: towpath.python.absence.match-used-unchecked
    match = PATTERN.search(text)
    return int(match.group()) if match else None
