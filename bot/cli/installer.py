"""Whether packages can be installed on this machine."""

from __future__ import annotations

import subprocess

INDEX_PATIENCE_S = 30


def index_answers() -> bool:
    """The installer finds a package with the settings of this environment (a few requests)."""
    from uv import find_uv_bin

    resolve = [find_uv_bin(), "pip", "compile", "--quiet", "--no-cache", "--no-header", "-"]
    try:
        ran = subprocess.run(
            resolve, input=b"idna", capture_output=True, timeout=INDEX_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return ran.returncode == 0
