"""Findings in workflows and Dockerfiles: the exact change, or the line that takes judgement."""

import subprocess

import pytest
import yaml

from bot.families import remedy
from bot.families.outcomes import Already, NotThis, Question
from bot.families.remedy import Remedy

CI = ".github/workflows/ci.yml"
SHA = "08c6903cd8c0fde910a37f88322edcfb5dd907a8"
INJECTED = """\
on:
  issues:
    types: [opened]
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - run: |
          # it's the title
          echo "Title: ${{ github.event.issue.title }}"
          echo ${{ github.event.issue.body }} > body.txt
      - name: again
        env:
          WHO: me
        run: echo "${{ github.head_ref }}" && echo ${{ matrix.os }}
      - uses: actions/github-script@v7
        with:
          script: |
            console.log('${{ github.event.issue.title }}')
"""
MOVED = """\
on:
  issues:
    types: [opened]
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - env:
          ISSUE_TITLE: ${{ github.event.issue.title }}
          ISSUE_BODY: ${{ github.event.issue.body }}
        run: |
          # it's the title
          echo "Title: ${ISSUE_TITLE}"
          echo "${ISSUE_BODY}" > body.txt
      - name: again
        env:
          HEAD_REF: ${{ github.head_ref }}
          WHO: me
        run: echo "${HEAD_REF}" && echo ${{ matrix.os }}
      - uses: actions/github-script@v7
        env:
          ISSUE_TITLE: ${{ github.event.issue.title }}
        with:
          script: |
            console.log(process.env.ISSUE_TITLE)
"""
BUILD = """\
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: make test
  scan:
    runs-on: ubuntu-latest
    steps:
      - uses: github/codeql-action/analyze@v3
"""
DONE = [
    ("actions/code-injection/critical", INJECTED, MOVED),
    ("zizmor/template-injection", INJECTED, MOVED),
    (
        "actions/missing-workflow-permissions", BUILD,
        BUILD.replace("jobs:\n", "permissions:\n  contents: read\n\njobs:\n").replace(
            "scan:\n", "scan:\n    permissions:\n      contents: read\n      "
            "security-events: write\n"),
    ),
    (
        "zizmor/excessive-permissions", "permissions: write-all\n" + BUILD,
        "permissions:\n  contents: read\n"
        + BUILD.replace("scan:\n", "scan:\n    permissions:\n      contents: read\n      "
                        "security-events: write\n"),
    ),
    (
        "zizmor/artipacked", BUILD,
        BUILD.replace("checkout@v4\n", "checkout@v4\n        with:\n          "
                      "persist-credentials: false\n"),
    ),
    (
        "zizmor/dangerous-triggers", BUILD.replace("on: push", "on: [push, pull_request_target]"),
        BUILD.replace("on: push", "on: [push, pull_request]"),
    ),
]  # fmt: skip


def detect(title, files, body=""):
    return remedy.detect(title, body, lambda: files, files.get)


@pytest.mark.parametrize(("rule", "before", "after"), DONE, ids=[one[0] for one in DONE])
def test_a_workflow_is_mended_to_the_byte_and_the_patch_applies(tmp_path, rule, before, after):
    found = detect(f"A finding ({rule}) in {CI}", {CI: before})
    assert isinstance(found, Remedy), found
    assert [(one.path, one.content) for one in found.changes] == [(CI, after)]
    yaml.safe_load(after)
    _apply(tmp_path, before, after)
    assert isinstance(detect(f"A finding ({rule}) in {CI}", {CI: after}), (Already, Question))


def _apply(folder, before, after):
    """What `git diff` makes of it is what `git apply` takes."""
    git = ["git", "-c", "core.autocrlf=false"]
    (folder / "a").write_text(before)
    (folder / "b").write_text(after)
    diff = [*git, "diff", "--no-index", "--no-prefix", "a", "b"]
    patch = subprocess.run(diff, cwd=folder, capture_output=True, text=True).stdout
    patch = patch.replace("--- a\n+++ b\n", "--- a\n+++ a\n").replace("diff --git a b", "")
    check = [*git, "apply", "-p0", "--check", "-"]
    subprocess.run(check, cwd=folder, input=patch.lstrip("\n"), text=True, check=True)


def test_an_action_is_pinned_where_the_repository_says_its_commit():
    known = f"on: push\njobs:\n  a:\n    steps:\n      - uses: actions/checkout@{SHA} # v4\n"
    files = {CI: BUILD.partition("  scan")[0], ".github/workflows/x.yml": known}
    found = detect(f"Unpinned tag (actions/unpinned-tag) in {CI}", files)
    assert f"uses: actions/checkout@{SHA} # v4\n" in found.changes[0].content
    asked = detect(f"Unpinned tag (actions/unpinned-tag) in {CI}", {CI: BUILD})
    assert "git ls-remote https://github.com/actions/checkout v4" in asked.message


def step(script, head="runs-on: ubuntu-latest"):
    return f"on: push\njobs:\n  a:\n    {head}\n    steps:\n      - run: {script}\n"


DOUBTS = [
    ("template-injection", step("echo '${{ github.event.issue.title }}'")),
    ("template-injection", step('"echo ${{ github.event.issue.title }}"')),
    ("template-injection", step('echo "$(cat ${{ github.event.issue.title }})"')),
    ("template-injection", step("|\n          cat <<EOF\n          ${{ github.head_ref }}")),
    ("template-injection", step("echo ${{ format('{0}', github.head_ref) }}")),
    ("template-injection", step("echo ${{ github.sha }}")),
    ("template-injection", step("echo ${{ github.head_ref }}",
                                "runs-on: ${{ matrix.windows }}")),
    ("missing-workflow-permissions", step("git push")),
    ("missing-workflow-permissions", step("gh pr list")),
    ("missing-workflow-permissions", BUILD.replace("actions/checkout", "someone/something")),
    ("missing-workflow-permissions", "on: push\njobs:\n  a:\n    uses: x/y/z@v1\n"),
    ("excessive-permissions", "permissions:\n  contents: write\n" + BUILD),
    ("artipacked", BUILD.replace("make test", "git push")),
    ("dangerous-triggers", step("echo ${{ secrets.KEY }}").replace("push", "pull_request_target")),
    ("template-injection", "on: [\n"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "text"), DOUBTS)
def test_what_is_not_certain_in_a_workflow_is_told_with_its_line(rule, text):
    found = detect(f"A finding ({rule}) in {CI}", {CI: text})
    assert isinstance(found, Question), found
    assert found.message.startswith(CI)


def test_a_variable_in_powershell_is_one_of_powershell():
    text = step("echo ${{ github.head_ref }}", "runs-on: windows-latest")
    found = detect(f"x (template-injection) in {CI}", {CI: text})
    assert "run: echo $env:HEAD_REF\n" in found.changes[0].content


DOCKER = [
    ("DL3020", "FROM a:1\nADD . /app\n", "FROM a:1\nCOPY . /app\n"),
    ("AVD-DS-0005", 'FROM a:1\nadd ["a b", "/app/"]\n', 'FROM a:1\nCOPY ["a b", "/app/"]\n'),
    ("CKV_DOCKER_4", "ADD --chown=a:a x /y\n", "COPY --chown=a:a x /y\n"),
    ("DL4000", "MAINTAINER Jo <jo@x.test>\n", 'LABEL maintainer="Jo <jo@x.test>"\n'),
    ("DL3025", "CMD python -m shop\n", 'CMD ["python", "-m", "shop"]\n'),
    ("DL3014", "RUN apt-get install curl\n", "RUN apt-get install -y curl\n"),
    ("DL3042", "RUN pip install shop\n", "RUN pip install --no-cache-dir shop\n"),
]


@pytest.mark.parametrize(("rule", "before", "after"), DOCKER)
def test_a_dockerfile_is_mended(rule, before, after):
    found = detect(f"said ({rule}) in docker/Dockerfile", {"docker/Dockerfile": before})
    assert [one.content for one in found.changes] == [after]
    again = detect(f"said ({rule}) in docker/Dockerfile", {"docker/Dockerfile": after})
    assert isinstance(again, Already)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("DL3020", "ADD https://x.test/a /a\n"),
        ("DL3020", "ADD a.tar.gz /a\n"),
        ("DL3020", "ADD *.gz /a\n"),
        ("DL3020", "ADD a \\\n  /b\n"),
        ("DL3025", "CMD cd /app && python x\n"),
        ("DL3007", "FROM python:latest\n"),
        ("DL3006", "FROM python\n"),
        ("DS002", "FROM python:3.12\nCMD [\"a\"]\n"),
        ("DL3002", "FROM python:3.12\nUSER root\n"),
    ],
)  # fmt: skip
def test_what_would_make_another_image_is_left_to_people(rule, text):
    found = detect(f"said ({rule}) in Dockerfile", {"Dockerfile": text})
    assert isinstance(found, Question)
    assert found.message.startswith("Dockerfile:")


@pytest.mark.parametrize(
    "title",
    [
        "Script injection: github.event.issue.title in ci.yml",
        f"{CI} interpolates ${{{{ github.event.issue.title }}}} into a script",
    ],
)
def test_people_may_say_it_in_their_own_words(title):
    assert isinstance(detect(title, {CI: INJECTED}), Remedy)


@pytest.mark.parametrize(
    "title",
    [
        "Add a workflow with pull_request_target to ci.yml",
        "Shell injection in the importer",
        "py/code-injection (py/code-injection) in shop/a.py",
        "Support ADD and COPY in the Dockerfile parser",
        "Missing permissions page for users",
    ],
)
def test_what_only_sounds_like_it_is_left_alone(title):
    assert isinstance(detect(title, {CI: INJECTED, "shop/a.py": "x"}), NotThis)


SOURCES = [
    ("js/disabling-certificate-validation", "web/a.ts",
     "// rejectUnauthorized: false\nget({ host, rejectUnauthorized: false });\n",
     "// rejectUnauthorized: false\nget({ host, rejectUnauthorized: true });\n"),
    ("G402", "net/a.go", "c := &tls.Config{InsecureSkipVerify: true} // no\n",
     "c := &tls.Config{InsecureSkipVerify: false} // no\n"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "path", "before", "after"), SOURCES)
def test_certificates_are_checked_again(rule, path, before, after):
    found = detect(f"TLS ({rule}) in {path}", {path: before})
    assert [one.content for one in found.changes] == [after]
    assert isinstance(detect(f"TLS ({rule}) in {path}", {path: after}), Already)


@pytest.mark.parametrize(
    "text",
    ["process.env.NODE_TLS_REJECT_UNAUTHORIZED = 0;\n", "get({ rejectUnauthorized: check });\n"],
)
def test_a_check_that_is_switched_off_in_another_way_is_for_people(text):
    title = "TLS (js/disabling-certificate-validation) in a.js"
    assert isinstance(detect(title, {"a.js": text}), Question)
