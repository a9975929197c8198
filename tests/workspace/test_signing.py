"""Commits signed with an SSH key: git and GitHub can tell whose they are (S20)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from bot.settings_problems import SettingsError
from bot.story.vocabulary import State
from bot.workspace.signing import Signer, UnusableKey
from tests.workspace.conftest import BOT, THEN, Project, shell_git
from tests.world import REPO, World


def openssh(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


KEY = ed25519.Ed25519PrivateKey.generate()


def test_a_signed_commit_keeps_its_id_and_git_accepts_it(project: Project) -> None:
    base = project.commit({"a.txt": "one\n"})
    plain = project.ours(base, {"a.txt": b"two\n"})
    project.mirror.signer = Signer(openssh(KEY))
    signed = project.ours(base, {"a.txt": b"two\n"})
    assert signed == project.ours(base, {"a.txt": b"two\n"}) != plain
    tree = project.mirror.tree_of(signed)
    assert project.mirror.commit_tree(base, tree, "feat: x", BOT, THEN) == signed
    project.mirror.push(project.url, None, "feature/x", signed, None)
    shell_git(project.clone, "pull", "-q", project.url, "feature/x")
    shell_git(project.clone, "fsck", "--strict")


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="git verifies with OpenSSH's tool")
def test_git_verifies_it_by_the_public_key(project: Project, tmp_path: Path) -> None:
    project.mirror.signer = signer = Signer(openssh(KEY))
    base = project.commit({"a.txt": "one\n"})
    signed = project.ours(base, {"a.txt": b"two\n"}, "feat: two\n\nwith ünicode")
    allowed = tmp_path / "allowed"
    verify = ["git", "-C", str(project.mirror.path), "-c", f"gpg.ssh.allowedSignersFile={allowed}"]

    def good(public: str) -> bool:
        allowed.write_text(f"{BOT.email} {public}\n")
        done = subprocess.run([*verify, "verify-commit", signed], capture_output=True, timeout=30)
        return done.returncode == 0

    assert good(signer.public)
    assert not good(Signer(openssh(ed25519.Ed25519PrivateKey.generate())).public)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="OpenSSH's tool makes such a key")
def test_a_key_behind_a_passphrase_says_so(tmp_path: Path) -> None:
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "word", "-f", str(tmp_path / "key")]
    subprocess.run(make, check=True, timeout=60)
    with pytest.raises(UnusableKey, match="passphrase"):
        Signer((tmp_path / "key").read_text())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (openssh(ec.generate_private_key(ec.SECP256R1())), "ed25519"),
        ("", "OpenSSH"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "OpenSSH"),
    ],
)
def test_a_key_that_cannot_sign_is_told_from_one_that_can(text: str, why: str) -> None:
    with pytest.raises(UnusableKey, match=why) as told:
        Signer(text)
    assert "AAAA" not in str(told.value)


def test_every_commit_of_a_story_is_verified_by_github(
    new_world: Callable[..., World], tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(openssh(KEY))
    world = new_world(signing_key_file=file)
    world.repository()
    number = world.story()
    story = world.tale(number)
    assert story.state is State.WAITING

    def verdict(sha: str) -> tuple[bool, str]:
        told = world.act("alice").request("GET", f"/repos/{REPO}/commits/{sha}")
        return told["commit"]["verification"]["verified"], told["commit"]["verification"]["reason"]

    bot = next(one for one in world.hub.state.accounts.values() if one.type == "Bot")
    assert verdict(story.head_sha) == (False, "unknown_key")
    bot.signing_keys.add(world.settings.signer().public)
    assert [verdict(commit.sha) for commit in story.commits] == [(True, "valid")]
    assert verdict(story.base_sha) == (False, "unsigned")


def test_a_file_that_holds_no_key_is_a_problem_of_its_variable(
    new_world: Callable[..., World], tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text("no key at all")
    world = new_world(signing_key_file=file)
    with pytest.raises(SettingsError, match=r"TOWPATH_SIGNING_KEY_FILE: .*ed25519"):
        world.settings.signer()
