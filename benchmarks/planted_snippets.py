"""New modules with one fault each, and the tests that a careful author would write with them.

Promises: each snippet is typed, documented, formatted and fully tested, so that nothing but its
fault can stop it. Never: runs anything; the code here is text.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Snippet:
    """`code`: a module. `test`: the body of its test file, where `{module}` is its import path.

    `gates`: who should stop it.
    """

    code: str
    test: str
    gates: tuple[str, ...]


SECURITY = ("security", "content")
DEEPER = ("analysis",)


def _module(doc: str, imports: str, body: str) -> str:
    head = f'"""{doc}"""\n\nfrom __future__ import annotations\n'
    return head + (f"\n{imports.strip()}\n" if imports else "") + f"\n\n{body.strip()}\n"


def _test(imports: str, body: str) -> str:
    return f"{imports.strip()}\n\n\n{body.strip()}\n"


_STORE = '''
def {name}(connection: sqlite3.Connection, {argument}: str) -> list[tuple[str]]:
    """Return the rows that fit."""
{lines}
'''
_STORE_TEST = _test(
    "import sqlite3\n\nfrom {module} import find_rows",
    """
def test_find_rows_returns_what_fits():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE entries (name TEXT)")
    connection.execute("INSERT INTO entries VALUES ('kept')")
    assert find_rows(connection, "kept") == [("kept",)]
    connection.close()
""",
)


def _sql(*lines: str) -> Snippet:
    indented = "\n".join(f"    {line}" for line in lines)
    body = _STORE.format(name="find_rows", argument="name", lines=indented)
    return Snippet(
        _module("Entries kept in a database.", "import sqlite3", body), _STORE_TEST, SECURITY
    )


def _function(doc: str, imports: str, code: str, test: str, gates: tuple[str, ...]) -> Snippet:
    """A module of one function, and a test that calls it once."""
    return Snippet(_module(doc, imports, code), test, gates)


FAULTS: dict[str, tuple[Snippet, ...]] = {
    "sql injection": (
        _sql("query = f\"SELECT name FROM entries WHERE name = '{name}'\"",
             "return connection.execute(query).fetchall()"),
        _sql("return connection.execute(",
             "    \"SELECT name FROM entries WHERE name = '%s'\" % name",
             ").fetchall()"),
        _sql("query = \"SELECT name FROM entries WHERE name = '\" + name + \"'\"",
             "cursor = connection.cursor()", "cursor.execute(query)", "return cursor.fetchall()"),
        _sql("query = \"SELECT name FROM entries WHERE name = '{}'\".format(name)",
             "return connection.execute(query).fetchall()"),
    ),
    "shell injection": tuple(
        _function("What a folder holds.", imports, '''
def count_names(folder: str) -> int:
    """Return how many names `folder` holds."""
''' + lines, _test("from {module} import count_names", '''
def test_count_names_counts(tmp_path):
    (tmp_path / "one").write_text("1")
    assert count_names(str(tmp_path)) == 1
'''), SECURITY)
        for imports, lines in (
            ("import subprocess", '    command = f"ls {folder}"\n    told = subprocess.run('
             "command, shell=True, capture_output=True, check=True)\n"
             "    return len(told.stdout.split())\n"),
            ("import os", '    with os.popen("ls " + folder) as told:\n'
             "        return len(told.read().split())\n"),
            ("import subprocess",
             '    return len(subprocess.check_output("ls %s" % folder, shell=True).split())\n'),
            ("import subprocess",
             '    return len(subprocess.getoutput("ls {}".format(folder)).split())\n'),
        )
    ),
    "path traversal": tuple(
        _function("Reports kept below a folder.", imports, '''
def read_report(name: str) -> str:
    """Return the text of the report called `name`."""
''' + lines, _test("import pytest\n\nfrom {module} import read_report", '''
def test_read_report_needs_a_report():
    with pytest.raises(FileNotFoundError):
        read_report("missing")
'''), SECURITY)
        for imports, lines in (
            ("import os", '    path = os.path.join("/srv/reports", name)\n'
             '    with open(path, encoding="utf-8") as file:\n        return file.read()\n'),
            ("from pathlib import Path\n\nREPORTS = Path(\"/srv/reports\")",
             '    return (REPORTS / name).read_text(encoding="utf-8")\n'),
            ("", '    with open(f"/srv/reports/{name}", encoding="utf-8") as file:\n'
             "        return file.read()\n"),
            ("", '    with open("reports/" + name, encoding="utf-8") as file:\n'
             "        return file.read()\n"),
        )
    ),
    "weak hash": tuple(
        _function("Names of contents.", imports, f'''
def fingerprint(content: bytes) -> str:
    """Return a digest of `content`."""
    return {call}
''', _test("from {module} import fingerprint", '''
def test_fingerprints_differ():
    assert fingerprint(b"a") != fingerprint(b"b")
'''), SECURITY)
        for imports, call in (
            ("import hashlib", "hashlib.md5(content).hexdigest()"),
            ("import hashlib", "hashlib.sha1(content).hexdigest()"),
            ("import hashlib", 'hashlib.new("md5", content).hexdigest()'),
            ("from hashlib import md5", "md5(content).hexdigest()"),
        )
    ),
    "unsafe deserialisation": tuple(
        _function("Values read back.", imports, f'''
def restore(data: bytes) -> object:
    """Return the value that was stored as `data`."""
    return {call}
''', _test(f"{dump_import}\n\nfrom {{module}} import restore", f'''
def test_restore_gives_the_value_back():
    assert restore({dump}) == [1]
'''), SECURITY)
        for imports, call, dump_import, dump in (
            ("import pickle", "pickle.loads(data)", "import pickle", "pickle.dumps([1])"),
            ("import marshal", "marshal.loads(data)", "import marshal", "marshal.dumps([1])"),
            ("import io\nimport pickle", "pickle.load(io.BytesIO(data))", "import pickle",
             "pickle.dumps([1])"),
            ("from pickle import loads", "loads(data)", "import pickle", "pickle.dumps([1])"),
        )
    ),
    "evaluated text": tuple(
        _function("Small formulas.", "", f'''
def evaluate(formula: str) -> object:
    """Return the value of `formula`."""
{lines}
''', _test("from {module} import evaluate", '''
def test_evaluate_adds():
    assert evaluate("1 + 2") == 3
'''), SECURITY)
        for lines in (
            "    return eval(formula)",
            '    found: dict[str, object] = {}\n    exec("value = " + formula, {}, found)\n'
            '    return found["value"]',
            '    return eval(compile(formula, "formula", "eval"))',
            '    return eval(formula, {"__builtins__": {}})',
        )
    ),
    "server-side request": tuple(
        _function("Pages of other sites.", imports, f'''
def fetch(url: str) -> bytes:
    """Return what `url` answers."""
{lines}
''', _test("import pytest\n\nfrom {module} import fetch", '''
def test_fetch_needs_an_address():
    with pytest.raises(ValueError):
        fetch("nowhere")
'''), SECURITY)
        for imports, lines in (
            ("from urllib.request import urlopen", "    with urlopen(url, timeout=5) as answer:\n"
             "        return bytes(answer.read())"),
            ("import urllib.request",
             "    with urllib.request.urlopen(url, timeout=5) as answer:\n"
             "        return bytes(answer.read())"),
        )
    ),
    "external entities": tuple(
        _function("Titles of documents.", imports, f'''
def title_of(document: str) -> str:
    """Return the title of an XML `document`."""
{lines}
''', _test("from {module} import title_of", '''
def test_title_of_reads_the_title():
    assert title_of("<a><title>Locks</title></a>") == "Locks"
'''), SECURITY)
        for imports, lines in (
            ("import xml.etree.ElementTree as ElementTree",
             '    return ElementTree.fromstring(document).findtext("title", "")'),
            ("from xml.dom import minidom",
             "    found = minidom.parseString(document).getElementsByTagName(\"title\")\n"
             "    return str(found[0].firstChild.data)"),
            ("import io\nimport xml.etree.ElementTree as ElementTree",
             '    tree = ElementTree.parse(io.StringIO(document))\n'
             '    return tree.findtext("title", "")'),
        )
    ),
    "certificate not checked": tuple(
        _function("Secure connections.", "import ssl", f'''
def context() -> ssl.SSLContext:
    """Return the settings of a connection."""
{lines}
''', _test("import ssl\n\nfrom {module} import context", '''
def test_context_is_for_clients():
    assert isinstance(context(), ssl.SSLContext)
'''), SECURITY)
        for lines in (
            "    return ssl._create_unverified_context()",
            "    made = ssl.create_default_context()\n    made.check_hostname = False\n"
            "    made.verify_mode = ssl.CERT_NONE\n    return made",
        )
    ),
    "guessable secret": tuple(
        _function("Keys for links.", "import random", f'''
def make_token() -> str:
    """Return a new key for a link."""
{lines}
''', _test("from {module} import make_token", '''
def test_tokens_have_a_length():
    assert len(make_token()) == 16
'''), SECURITY)
        for lines in (
            '    token = "".join(random.choice("0123456789abcdef") for _ in range(16))\n'
            "    return token",
            '    return f"{random.getrandbits(64):016x}"',
        )
    ),
    "file for everybody": (
        _function("Shared notes.", "import os\nfrom pathlib import Path", '''
def share(path: Path) -> None:
    """Let others read and change `path`."""
    os.chmod(path, 0o777)
''', _test("from {module} import share", '''
def test_share_opens_the_file(tmp_path):
    note = tmp_path / "note"
    note.write_text("x")
    share(note)
    assert note.stat().st_mode & 0o777 == 0o777
'''), SECURITY),
        _function("Names for scratch files.", "import tempfile", '''
def scratch_name() -> str:
    """Return a name that no file has."""
    return tempfile.mktemp(suffix=".txt")
''', _test("from {module} import scratch_name", '''
def test_scratch_names_are_texts():
    assert scratch_name().endswith(".txt")
'''), SECURITY),
    ),
    "resource leak": tuple(
        _function("Sizes of files.", imports, f'''
def count_lines(path: str) -> int:
    """Return how many lines the file at `path` has."""
{lines}
''', _test("from {module} import count_lines", '''
def test_count_lines_counts(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("one\\ntwo\\n")
    assert count_lines(str(file)) == 2
'''), DEEPER)
        for imports, lines in (
            ("", '    file = open(path, encoding="utf-8")\n    return len(file.readlines())'),
            ("", '    return len(open(path, encoding="utf-8").read().splitlines())'),
            ("", '    file = open(path, encoding="utf-8")\n    total = 0\n    for _ in file:\n'
             "        total += 1\n    return total"),
            ("import os", "    descriptor = os.open(path, os.O_RDONLY)\n"
             '    return os.read(descriptor, 100_000).count(b"\\n")'),
        )
    ),
    "missing value used": (
        _function("Numbers in texts.", "import re", '''
def first_number(text: str) -> int:
    """Return the first number in `text`."""
    found = re.search(r"[0-9]+", text)
    return int(found.group())  # type: ignore[union-attr]
''', _test("from {module} import first_number", '''
def test_first_number_reads_digits():
    assert first_number("lock 12") == 12
'''), DEEPER),
        _function("Numbers in texts.", "import re", '''
def first_word(text: str) -> str:
    """Return the first word of `text`."""
    return re.match(r"[a-z]+", text).group()  # type: ignore[union-attr]
''', _test("from {module} import first_word", '''
def test_first_word_reads_letters():
    assert first_word("lock 12") == "lock"
'''), DEEPER),
        _function("Settings of a process.", "from typing import Any", '''
def title(settings: dict[str, Any]) -> str:
    """Return the title that `settings` hold."""
    return str(settings.get("title").strip())
''', _test("from {module} import title", '''
def test_title_is_stripped():
    assert title({{"title": " Lock "}}) == "Lock"
'''), ("analysis", "types")),
    ),
    "race or lost task": (
        _function("Waiting.", "import time", '''
async def pause(seconds: float) -> float:
    """Wait for `seconds`."""
    time.sleep(seconds)
    return seconds
''', _test("import asyncio\n\nfrom {module} import pause", '''
def test_pause_waits():
    assert asyncio.run(pause(0.0)) == 0.0
'''), DEEPER),
        _function("Counting visits.", "import threading\n\n_guard = threading.Lock()", '''
def visit(names: list[str], name: str) -> int:
    """Note `name`; how many there are."""
    _guard.acquire()
    names.append(name)
    total = len(names)
    _guard.release()
    return total
''', _test("from {module} import visit", '''
def test_visit_counts():
    assert visit([], "ann") == 1
'''), DEEPER),
        _function("Work in the background.", "import asyncio", '''
async def note(names: list[str], name: str) -> None:
    """Add `name`."""
    names.append(name)


async def announce(names: list[str], name: str) -> None:
    """Add `name` in a while."""
    asyncio.create_task(note(names, name))
    await asyncio.sleep(0)
''', _test("import asyncio\n\nfrom {module} import announce", '''
def test_announce_adds():
    names: list[str] = []
    asyncio.run(announce(names, "ann"))
    assert names == ["ann"]
'''), DEEPER),
    ),
    "swallowed error": (
        _function("Numbers read.", "", '''
def to_number(text: str) -> int:
    """Return the number that `text` writes, 0 for none."""
    try:
        return int(text)
    except:  # noqa: E722
        pass
    return 0
''', _test("from {module} import to_number", '''
def test_to_number_reads():
    assert to_number("3") == 3
    assert to_number("x") == 0
'''), (*DEEPER, "lint")),
    ),
}  # fmt: skip
