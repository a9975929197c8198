"""Remove a folder that foreign code filled.

Promises: it is gone afterwards, however deep its folders and whatever their modes.
Never: follows a symbolic link.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def erase(folder: Path) -> None:
    """Gone; nothing happens when it was not there. OSError when the system refuses.

    By `rm`, which walks without paths longer than the system takes and without recursion.
    """
    if not folder.exists():
        return
    if os.geteuid() != 0:
        opened = ["chmod", "-R", "u+rwx", "--", str(folder)]
        subprocess.run(opened, capture_output=True, timeout=300, check=False)
    done = subprocess.run(["rm", "-rf", "--", str(folder)], capture_output=True, timeout=300)
    if folder.exists():
        raise OSError(f"{folder} could not be removed: {done.stderr[-300:]!r}")
