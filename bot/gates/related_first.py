"""A plug-in for a project's pytest: tests of the files that matter most run first (Q1).

It runs inside the sandbox, in the project's own interpreter, so it imports nothing of ours and uses
no syntax newer than that may be. The order inside a file, and among the other files, stays.
"""

import os


def pytest_collection_modifyitems(items):
    """Files named in TOWPATH_RELATED (one a line, from the top of the work tree) come first."""
    wanted = set(os.environ.get("TOWPATH_RELATED", "").split("\n"))
    top = os.getcwd()
    items.sort(key=lambda item: os.path.relpath(str(item.fspath), top) not in wanted)
