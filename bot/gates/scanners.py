"""Semgrep, Bandit and detect-secrets on both sides of what changed, in one sandbox.

Promises: each scanner is started once a change, whoever asks; one that fails or says nothing is an
error of its own and of no other; none has a network.
Never: runs or imports what it looks at; shows a scanner a configuration of the project.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.gates.change import Change
from bot.gates.gate import CannotLook
from bot.gates.workbench import Workbench
from bot.workspace.sandbox import Limits

RULES = Path(__file__).with_name("rules")
CODE = (".py", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".html", ".vue")
_LARGEST = 64_000_000  # bytes of a report
_LIMITS = Limits(cpu_s=240, wall_s=300, processes=256, files=4096)
_OBEYED = (".bandit", ".semgrepignore", ".gitignore", ".git")  # a change cannot blind a scanner
_HIGH_ENTROPY = (
    "Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector", "BasicAuthDetector",
    "IPPublicDetector", "JwtTokenDetector", "IbmCloudIamDetector", "IbmCosHmacDetector",
    "SoftlayerDetector", "CloudantDetector",
)  # fmt: skip
# Each writes its report and then its status: a report without one was not finished.
_SCRIPT = """
one() { name=$1; shift; "$@" >/out/$name.json 2>/out/$name.err; echo $? >/out/$name.status; }
( one bandit "$1" -q -r . -f json --ignore-nosec -x /none
  one detect-secrets "$2" -c 1 scan --no-verify --all-files $4 head ) &
[ -z "$3" ] || one semgrep "$3" scan --experimental --metrics=off --disable-version-check \
  --disable-nosem --no-git-ignore --json --quiet --timeout=20 --max-target-bytes=2000000 --jobs=1 \
  --config /rules.json .
wait
"""


def report(change: Change, bench: Workbench, name: str) -> Any:
    """What `name` (semgrep, bandit or detect-secrets) said, from its JSON; CannotLook."""
    folder = bench.once("scanners", lambda: _run(change, bench))
    status = _text(folder / f"{name}.status", 20).strip()
    said = " ".join(_text(folder / f"{name}.err", 4000).split())[-300:]
    if status not in ("0", "1"):
        raise CannotLook(name, f"status {status or 'unknown'}: {said}")
    text = _text(folder / f"{name}.json", _LARGEST)
    try:
        return json.loads(text[text.index("{") :])
    except ValueError:
        raise CannotLook(name, f"status {status}, no JSON: {said or text[:200]}") from None


def scanned(change: Change) -> list[str]:
    """Changed files of code."""
    return [one.path for one in change.of(*CODE) if change.head_text(one.path) is not None]


def _run(change: Change, bench: Workbench) -> Path:
    """The folder with the reports."""
    out, place = bench.folder(), _laid_out(change, bench)
    paths = scanned(change)
    rules = rule_files(paths) if paths else []
    bandit, secrets = bench.toolbox.program("bandit"), bench.toolbox.program("detect-secrets")
    semgrep = bench.toolbox.program("semgrep").path if rules else ""
    disabled = " ".join(f"--disable-plugin {name}" for name in _HIGH_ENTROPY)
    readonly = {**bandit.readonly, "/scan": place}
    if rules:
        readonly["/rules.json"] = _joined(rules, bench)
    bench.run(
        ["sh", "-c", _SCRIPT, "sh", bandit.path, secrets.path, semgrep, disabled],
        readonly=readonly,
        writable={"/out": out},
        env={
            "HOME": "/tmp",  # noqa: S108 - the sandbox's own
            "SEMGREP_SEND_METRICS": "off",
            "SEMGREP_SETTINGS_FILE": "/tmp/semgrep.yml",  # noqa: S108
            "SSL_CERT_FILE": bench.toolbox.certificates,
        },
        cwd="/scan",
        limits=_LIMITS,
    )
    return out


def rule_files(paths: Sequence[str]) -> list[Path]:
    """The files of rules that are about the languages of `paths`."""
    python = any(path.endswith(".py") for path in paths)
    other = any(not path.endswith(".py") for path in paths)
    left_out = {name for name, used in (("python", python), ("typescript", other)) if not used}
    found = (path for path in RULES.rglob("*.yaml") if ".test." not in path.name)
    return sorted(path for path in found if path.relative_to(RULES).parts[0] not in left_out)


def _joined(files: Sequence[Path], bench: Workbench) -> Path:
    """All rules in one file, which is read faster; kept for the next time."""
    contents = [path.read_bytes() for path in files]
    digest = hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]
    place = bench.cache("rules") / f"{digest}.json"
    if not place.exists():
        try:
            rules = [one for text in contents for one in yaml.safe_load(text)["rules"]]
        except (yaml.YAMLError, KeyError, TypeError) as problem:
            raise CannotLook("semgrep", f"the rules cannot be read: {problem}") from None
        fresh = place.with_suffix(f".{os.getpid()}")
        fresh.write_text(json.dumps({"rules": rules}))
        fresh.rename(place)
    return place


def _laid_out(change: Change, bench: Workbench) -> Path:
    """`head/…` and `base/…`: the two sides of changed texts, and nothing that a tool obeys."""
    place = bench.folder()
    (place / ".semgrepignore").write_text("")
    (place / "head").mkdir()
    for path, one in change.kept.items():
        if not one.new_lines and path not in scanned(change):
            continue
        for side, name, text in (
            ("head", path, change.head_text(path)),
            ("base", one.was, change.base_text(path)),
        ):
            parts = name.split("/") if name else [".."]
            if text is None or ".." in parts or parts[-1] in _OBEYED:
                continue
            target = place.joinpath(side, *parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
    return place


def _text(path: Path, most: int) -> str:
    """The text of a regular file that a sandbox left, "" where there is none."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > most:
            return ""
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
