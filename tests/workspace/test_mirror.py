"""Commits without a checkout, pushes that overwrite nobody, replays that repeat."""

from __future__ import annotations

import multiprocessing
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.workspace.git import GitFailed, GitTimedOut, Remote, RemoteRefused, git
from bot.workspace.mirror import Mirror, NotFound, NothingChanged, Person
from bot.workspace.paths import PathRefused
from bot.workspace.remote import BranchRefused
from tests.workspace.conftest import BOT, THEN, Project, shell_git


def test_the_same_change_gives_the_same_commit(project: Project) -> None:
    base = project.commit({"a.txt": "one\n"})
    first = project.ours(base, {"a.txt": b"two\n", "new/b.txt": b"b"})
    assert first == project.ours(base, {"new/b.txt": b"b", "a.txt": b"two\n"})
    assert first != project.ours(base, {"a.txt": b"three\n", "new/b.txt": b"b"})
    later = project.mirror.commit_files(
        base, {"a.txt": b"two\n", "new/b.txt": b"b"}, "feat: x", BOT, THEN + timedelta(seconds=1)
    )
    assert later != first


def test_a_commit_made_here_is_one_that_git_accepts(project: Project) -> None:
    base = project.commit({"a.txt": "one\n", "gone.txt": "x", "deep/er/c.txt": "c"})
    head = project.ours(base, {"a.txt": b"two\n", "gone.txt": None}, "feat: two\n\nStory: 1")
    project.mirror.push(project.url, None, "feature/x", head, None)
    shell_git(project.clone, "pull", "-q", project.url, "feature/x")
    assert (project.clone / "a.txt").read_text() == "two\n"
    assert not (project.clone / "gone.txt").exists()
    shell_git(project.clone, "fsck", "--strict")
    assert shell_git(project.clone, "log", "-1", "--format=%an <%ae> %ct %B") == (
        "Towpath <towpath@example.com> 1772366400 feat: two\n\nStory: 1"
    )


def test_a_file_keeps_its_mode(project: Project) -> None:
    (project.clone / "run.sh").write_text("#!/bin/sh\n")
    (project.clone / "run.sh").chmod(0o755)
    base = project.commit_all()
    head = project.ours(base, {"run.sh": b"#!/bin/sh\nexit 1\n", "plain.txt": b"x"})
    modes = {e.path: e.mode for e in project.mirror.ls(head)}
    assert modes == {"run.sh": "100755", "plain.txt": "100644"}


@pytest.mark.parametrize(
    "path",
    [
        "../out", "/etc/passwd", "a/../../b", ".git/config", "sub/.GIT/hooks/x", ".git./x", 
        "git~1/x",
        ".g\u200cit/config", ".git::$DATA/x", "a\nb", "a\x00b", "", "a//b", "./a", "c:\\x", "a\\b",
        "link", "link/x", "file/x", "folder", "\udcff", "x" * 2000,
    ],
)  # fmt: skip
def test_a_path_that_must_not_be_written_is_refused(project: Project, path: str) -> None:
    (project.clone / "file").write_text("x")
    (project.clone / "folder").mkdir()
    (project.clone / "folder" / "inner").write_text("x")
    (project.clone / "link").symlink_to("folder")
    base = project.commit_all()
    with pytest.raises(PathRefused):
        project.ours(base, {path: b"content"})


def test_a_change_that_changes_nothing_is_said_so(project: Project) -> None:
    base = project.commit({"a.txt": "one\n"})
    with pytest.raises(NothingChanged):
        project.ours(base, {"a.txt": b"one\n"})
    with pytest.raises(PathRefused):
        project.ours(base, {"missing.txt": None})


def test_bytes_survive_whatever_the_attributes_say(project: Project) -> None:
    base = project.commit({".gitattributes": "* text=auto eol=crlf\n*.bin filter=evil\n"})
    content = b"a\r\nb\n\x00\xff"
    head = project.ours(base, {"x.bin": content})
    assert project.mirror.read(head, "x.bin") == content


def test_reading_says_what_is_not_there(project: Project) -> None:
    base = project.commit({"a.txt": "one\n", "x blob 3": "odd name", "b/c.txt": "c"})
    mirror = project.mirror
    assert mirror.read_many(base, ["a.txt", "x blob 4", "b", "x blob 3"]) == {
        "a.txt": b"one\n", "x blob 3": b"odd name",
    }  # fmt: skip
    for path in ("nothing", "b"):
        with pytest.raises(NotFound):
            mirror.read(base, path)
    with pytest.raises(NotFound):
        mirror.read(base, "a.txt", limit=3)
    for ref in ("nothing", "--help", "a" * 40, "main^{tree}", "main:a.txt"):
        with pytest.raises(NotFound):
            mirror.resolve(ref)


def test_changed_files_count_lines_and_name_every_kind_of_change(project: Project) -> None:
    (project.clone / "data").write_bytes(b"\0\1")
    base = project.commit({"a.txt": "1\n2\n", "gone.txt": "x\n", "odd\tname": "x\n"})
    head = project.ours(
        base, {"a.txt": b"1\n3\n4\n", "gone.txt": None, "new.txt": b"n\n", "data": b"\0\2"}
    )
    found = [
        (c.path, c.status, c.added, c.deleted) for c in project.mirror.changed_files(base, head)
    ]
    assert found == [
        ("a.txt", "M", 2, 1), ("data", "M", None, None), ("gone.txt", "D", 0, 1),
        ("new.txt", "A", 1, 0),
    ]  # fmt: skip
    assert "-2\n+3\n+4" in project.mirror.diff(base, head)


def test_a_push_never_overwrites_somebody_elses_commit(project: Project) -> None:
    base = project.commit({"a.txt": "one\n"})
    ours = project.ours(base, {"a.txt": b"ours\n"})
    theirs = project.commit({"a.txt": "theirs\n"}, branch="feature/x")
    pushed = project.mirror.push(project.url, None, "feature/x", ours, None)
    assert (pushed.outcome, pushed.found) == ("refused", theirs)
    pushed = project.mirror.push(project.url, None, "feature/x", ours, base)
    assert (pushed.outcome, pushed.found) == ("refused", theirs)
    assert project.mirror.remote_head(project.url, None, "feature/x") == theirs


def test_a_repeated_push_is_already_there_and_an_expected_one_moves_the_branch(
    project: Project,
) -> None:
    base = project.commit({"a.txt": "one\n"})
    first, second = (project.ours(base, {"a.txt": text}) for text in (b"1", b"2"))
    push = project.mirror.push
    assert push(project.url, None, "f", first, None).outcome == "pushed"
    assert push(project.url, None, "f", first, None).outcome == "already_there"
    assert push(project.url, None, "f", second, first).outcome == "pushed"
    assert push(project.url, None, "f", second, first).outcome == "already_there"
    shell_git(Path(project.url), "update-ref", "-d", "refs/heads/f")
    gone = push(project.url, None, "f", first, second)
    assert (gone.outcome, gone.found) == ("refused", None)


def test_a_server_that_says_no_is_told_apart_from_a_moved_branch(project: Project) -> None:
    base = project.commit({"a.txt": "one\n"})
    hook = Path(project.url, "hooks", "pre-receive")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho protected; exit 1\n")
    hook.chmod(0o755)
    head = project.ours(base, {"a.txt": b"1"})
    pushed = project.mirror.push(project.url, None, "f", head, None)
    assert pushed.outcome == "declined"
    assert "pre-receive hook declined" in pushed.reason


@pytest.mark.parametrize(
    "branch", ["", "-f", "a..b", "a b", "x.lock", "a/", "refs:x", "a\nb", "+a"]
)
def test_what_is_not_a_branch_is_not_pushed(project: Project, branch: str) -> None:
    base = project.commit({"a.txt": "one\n"})
    if branch == "+a":
        project.mirror.push(project.url, None, branch, base, None)
        assert project.mirror.remote_head(project.url, None, "+a") == base
        return
    with pytest.raises(BranchRefused):
        project.mirror.push(project.url, None, branch, base, None)


def test_a_replay_gives_the_same_ids_and_names_the_conflict(project: Project) -> None:
    base = project.commit({"a.txt": "1\n2\n3\n4\n5\n6\n7\n", "b.txt": "b\n"})
    one = project.ours(base, {"a.txt": b"1\n2\n3\n4\n5\n6\nseven\n"}, "feat: one")
    two = project.ours(one, {"c.txt": b"c\n"}, "feat: two")
    onto = project.commit({"a.txt": "one\n2\n3\n4\n5\n6\n7\n"})
    mirror = project.mirror
    replayed = mirror.rebase(mirror.commits(base, two), onto, BOT, THEN)
    assert replayed == mirror.rebase([one, two], onto, BOT, THEN)
    assert replayed.head is not None
    assert mirror.read(replayed.head, "a.txt") == b"one\n2\n3\n4\n5\n6\nseven\n"
    texts = [mirror.message(c) for c in mirror.commits(onto, replayed.head)]
    assert texts == ["feat: one", "feat: two"]
    clash = project.ours(base, {"a.txt": b"clash\n"})
    stopped = mirror.rebase([clash], onto, BOT, THEN)
    assert (stopped.head, stopped.stopped_at, stopped.conflicts) == (None, clash, ("a.txt",))


def test_a_replay_onto_its_own_base_changes_nothing(project: Project) -> None:
    base = project.commit({"a.txt": "1\n"})
    head = project.ours(base, {"b.txt": b"b"})
    assert project.mirror.rebase([head], base, BOT, THEN).head == head


def test_a_replayed_commit_that_is_already_there_is_left_out(project: Project) -> None:
    base = project.commit({"a.txt": "1\n"})
    same = project.ours(base, {"a.txt": b"2\n"})
    onto = project.commit({"a.txt": "2\n"})
    assert project.mirror.rebase([same], onto, BOT, THEN).head == onto


def test_what_is_kept_survives_a_fetch_and_a_tidy(project: Project) -> None:
    base = project.commit({"a.txt": "1\n"})
    kept = project.ours(base, {"a.txt": b"kept\n"})
    lost = project.ours(base, {"a.txt": b"lost\n"})
    project.mirror.keep("story/7/head", kept)
    project.mirror.fetch(project.url)
    git(project.mirror.path, "gc", "--prune=now", "--quiet")
    assert project.mirror.read(kept, "a.txt") == b"kept\n"
    with pytest.raises(NotFound):
        project.mirror.resolve(lost)
    assert project.mirror.kept("story") == {"story/7/head": kept}
    project.mirror.forget("story/7/head")
    project.mirror.forget("story/7/head")
    assert project.mirror.kept() == {}


def test_a_branch_deleted_there_is_deleted_here(project: Project) -> None:
    project.commit({"a.txt": "1\n"})
    project.commit({"a.txt": "2\n"}, branch="side")
    assert project.mirror.resolve("side")
    shell_git(Path(project.url), "update-ref", "-d", "refs/heads/side")
    project.mirror.fetch(project.url)
    with pytest.raises(NotFound):
        project.mirror.resolve("side")


def _fetch(root: str, url: str) -> None:
    mirror = Mirror.open(Path(root), "ann/other")
    mirror.fetch(url)
    mirror.resolve("main")


def test_processes_that_open_and_fetch_one_mirror_at_once_all_succeed(project: Project) -> None:
    project.commit({f"{n}.txt": "x" for n in range(50)})
    spawn = multiprocessing.get_context("fork")
    root = str(project.root / "fresh")
    workers = [spawn.Process(target=_fetch, args=(root, project.url)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "url",
    ["https://u:p@h/r", "https://token@h/r", "ext::sh -c id", "-x", "git://h/r", 
     "relative", "http://a b"],
)  # fmt: skip
def test_an_address_that_we_do_not_talk_to_is_refused(url: str) -> None:
    with pytest.raises(RemoteRefused):
        Remote(url)


def test_a_token_is_in_no_argument_no_file_and_no_error(project: Project) -> None:
    header = "Authorization: Basic c2VjcmV0LXRva2Vu"
    remote = Remote("http://127.0.0.1:9/r.git", header)
    assert "c2VjcmV0" not in repr(remote)
    with pytest.raises(GitFailed) as failed:
        project.mirror.fetch(remote.url, header)
    assert "c2VjcmV0" not in str(failed.value)
    written = [p for p in project.mirror.path.rglob("*") if p.is_file()]
    assert not any(b"c2VjcmV0" in p.read_bytes() for p in written)


def test_a_command_that_hangs_ends_at_the_wall_clock_with_its_children(project: Project) -> None:
    project.commit({"a.txt": "1\n"})
    with pytest.raises(GitTimedOut):
        git(project.mirror.path, "-c", "alias.z=!sleep 321", "z", timeout=0.5)
    for _ in range(100):  # killed, they may still be on their way out
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        if "sleep 321" not in listed.stdout:
            return
        time.sleep(0.1)
    raise AssertionError("it goes on")


def test_configuration_of_the_person_at_the_machine_changes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[user]\nname=Mallory\n[commit]\ngpgSign=true\n[core]\nbare=x")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Mallory")
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    base = Mirror.open(tmp_path / "m", "x").commit_files(None, {"a": b"1"}, "m", BOT, THEN)
    monkeypatch.undo()
    assert base == Mirror.open(tmp_path / "m2", "x").commit_files(None, {"a": b"1"}, "m", BOT, THEN)


def test_a_name_that_would_forge_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match="control"):
        Person("x\ncommitter evil", "a@b")
