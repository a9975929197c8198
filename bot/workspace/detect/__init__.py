"""How a repository is installed, built, tested, linted, formatted and type-checked. (Q3, T3)

Promises: commands of known tools, from the repository's own files, each with its reason and place;
the same files give the same answer; what the repository says in `.github/towpath.yml` wins.
Never: runs anything; takes a program from a workflow that is not on our list; keeps an option that
mends files.
"""

from bot.workspace.detect.command import Command, Detected, Purpose, Rank
from bot.workspace.detect.repository import detect, detect_at

__all__ = ["Command", "Detected", "Purpose", "Rank", "detect", "detect_at"]
