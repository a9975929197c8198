"""What each rewriting of a scanner's finding does, and what it leaves to people."""

import pytest

from bot.families.rewrite import look
from tests.families.test_autofix import carry_out, detect, write

HEAD = "import hashlib, random, ssl, subprocess, tarfile, tempfile\n"
REPORTS = [
    (
        "B113", "import requests\n\nrequests.get('u')\n",
        "import requests\n\nrequests.get('u', timeout=60)\n",
    ),
    (
        "py/flask-debug", "from flask import Flask\n\napp = Flask(__name__)\napp.run(debug=True)\n",
        "from flask import Flask\n\napp = Flask(__name__)\napp.run(debug=False)\n",
    ),
    (
        "B306",
        "import tempfile\n\n\ndef f(rows):\n    name = tempfile.mktemp('.csv')\n"
        "    with open(name, 'w') as file:\n        file.write(rows)\n",
        "import tempfile\nimport os\n\n\ndef f(rows):\n"
        "    name_descriptor, name = tempfile.mkstemp('.csv')\n    os.close(name_descriptor)\n"
        "    with open(name, 'w') as file:\n        file.write(rows)\n",
    ),
    (
        "B311", "import random\n\n\ndef token():\n    return random.choice('ab')\n",
        "import secrets\n\n\ndef token():\n    return secrets.choice('ab')\n",
    ),
    (
        "py/tarslip", "import tarfile\n\nwith tarfile.open('a') as tar:\n    tar.extractall('b')\n",
        "import tarfile\n\nwith tarfile.open('a') as tar:\n"
        "    tar.extractall('b', filter=\"data\")\n",
    ),
    (
        "B323", "import ssl\n\nc = ssl._create_unverified_context()\n",
        "import ssl\n\nc = ssl.create_default_context()\n",
    ),
    (
        "B324", "import hashlib\n\n\ndef etag(page):\n    return hashlib.md5(page).hexdigest()\n",
        "import hashlib\n\n\ndef etag(page):\n"
        "    return hashlib.md5(page, usedforsecurity=False).hexdigest()\n",
    ),
    (
        "python.lang.security.audit.subprocess-shell-true.subprocess-shell-true",
        "import subprocess\n\nsubprocess.run('git log -1', shell=True, check=True)  # c\n",
        "import subprocess\n\nsubprocess.run(['git', 'log', '-1'], check=True)  # c\n",
    ),
    (
        "B314",
        "import xml.etree.ElementTree as ET\n\nx = ET.fromstring('<a/>')\n",
        "import defusedxml.ElementTree\n\nx = defusedxml.ElementTree.fromstring('<a/>')\n",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "before", "after"), REPORTS, ids=[one[0] for one in REPORTS])
def test_a_report_is_mended_and_the_scanner_finds_nothing_more(tmp_path, rule, before, after):
    write(tmp_path, {"src/m.py": before, "requirements.txt": "defusedxml==0.7.1\n"})
    done = carry_out(tmp_path, f"A finding ({rule}) in src/m.py")
    assert (done.fixed, done.complete) == (done.before, True)
    assert (tmp_path / "src/m.py").read_text() == after


DOUBTS = [
    ("S602", "def f(x):\n    subprocess.run(f'ls {x}', shell=True)\n"),
    ("S602", "subprocess.run('ls | wc', shell=True)\n"),
    ("S602", "subprocess.run('cd /tmp', shell=True)\n"),
    ("S602", "subprocess.run('A=1 env', shell=True)\n"),
    ("S602", "subprocess.run('ls *.py', shell=True)\n"),
    ("S306", "def f():\n    return tempfile.mktemp()\n"),
    ("S306", "def f():\n    name = tempfile.mktemp()\n    make_folder(name)\n"),
    ("S306", "def f():\n    name = tempfile.mktemp()\n    open(name, 'x')\n"),
    ("S311", "def jitter():\n    return random.random()\n"),
    ("S311", "def token():\n    random.seed(1)\n    return random.random()\n"),
    ("S324-CHECKSUM", "def sign(data):\n    return hashlib.md5(data)\n"),
    ("S324-CHECKSUM", "def password_fingerprint(data):\n    return hashlib.md5(data)\n"),
    ("S202", "def f(archive):\n    archive.extractall('x')\n"),
    ("S202", "def f(tar):\n    tar.extractall()\n    tar = tarfile.open('x')\n"),
    ("S201", "def f(server):\n    server.run(debug=True)\n"),
    ("S113", "import requests\nrequests.get('u', stream=True)\n"),
    ("S113", "import requests\nrequests.get('u', **options)\n"),
]


@pytest.mark.parametrize(("rule", "code"), DOUBTS)
def test_what_takes_judgement_stays_and_says_why(rule, code):
    looked = look(HEAD + code, [rule])
    assert (looked.changed, len(looked.left)) == (0, 1)
    assert looked.source.decode() == HEAD + code


def test_a_file_of_which_one_place_takes_judgement_is_not_promised():
    text = "import subprocess\n\nsubprocess.run('ls', shell=True)\nsubprocess.run(x, shell=True)\n"
    found = detect("Shell (B602) in src/m.py", "", ["src/m.py"], {"src/m.py": text}.get)
    assert (found.kind, found.message) == (
        "not_fixable",
        "src/m.py:4: the command is put together while it runs",
    )


def test_defusedxml_is_used_only_where_the_project_has_it():
    text = "import xml.etree.ElementTree as ET\nET.parse('a')\n"
    found = detect("XML (B314) in src/m.py", "", ["src/m.py"], {"src/m.py": text}.get)
    assert "defusedxml" in found.message


@pytest.mark.parametrize(
    "title", ["debug=True crashes the app", "Support shell=True in the runner",
              "Document mktemp", "The mktemp helper fails on Windows"],
)  # fmt: skip
def test_a_story_that_only_mentions_it_is_left_alone(title):
    assert type(detect(title)).__name__ == "NotThis"
