"""A GitHub workflow as its YAML has it, with the place of every part, and edits of it (B12).

Promises: edits are made by place, every other byte stays; what is not the YAML of a workflow is no
tree. Never: runs or loads anything that the text describes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

MAX_TEXT = 100_000  # characters of a file; more is nobody's workflow, and would take long
MOST_STEPS = 500
Node = yaml.MappingNode | yaml.SequenceNode | yaml.ScalarNode


@dataclass(frozen=True)
class Fixed:
    """`changed`: places; `left`: (line, why) of what a person has to see to."""

    text: str
    changed: int = 0
    left: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Edit:
    """What is between two places becomes `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Step:
    """One step; `job` is its job's mapping, or a composite action's `runs`."""

    node: yaml.MappingNode
    job: yaml.MappingNode
    name: str  # of the job

    @property
    def uses(self) -> str:
        """The action without its version, in lower case."""
        return scalar(self.node, "uses").partition("@")[0].lower()

    @property
    def run(self) -> str:
        return scalar(self.node, "run")


class Tree:
    """A workflow or a composite action. Raises ValueError where the text is neither."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_TEXT or text[:1] == "\ufeff":
            raise ValueError("it is too large, or begins with a mark")
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except (yaml.YAMLError, RecursionError) as error:
            raise ValueError(f"it is no YAML: {type(error).__name__}") from error
        if not isinstance(root, yaml.MappingNode):
            raise ValueError("it is no workflow")
        self.text, self.root = text, root
        if sum(1 for _ in self.steps()) > MOST_STEPS:
            raise ValueError(f"it has more than {MOST_STEPS} steps")

    @property
    def jobs(self) -> dict[str, yaml.MappingNode]:
        found = child(self.root, "jobs")
        if isinstance(found, yaml.MappingNode):
            pairs = found.value
            return {str(k.value): v for k, v in pairs if isinstance(v, yaml.MappingNode)}
        runs = child(self.root, "runs")
        return {"": runs} if isinstance(runs, yaml.MappingNode) else {}

    def steps(self) -> Iterator[Step]:
        """Every step, each once."""
        seen: set[int] = set()
        for name, job in self.jobs.items():
            listed = child(job, "steps")
            for node in listed.value if isinstance(listed, yaml.SequenceNode) else ():
                if isinstance(node, yaml.MappingNode) and id(node) not in seen:
                    seen.add(id(node))
                    yield Step(node, job, name)

    def raw(self, node: Node) -> str:
        """The node as it is written."""
        return self.text[node.start_mark.index : node.end_mark.index]

    def edited(self, edits: Iterable[Edit]) -> str:
        """The text after edits of different places; the same text where it would be no YAML."""
        text = self.text
        for edit in sorted(set(edits), key=lambda one: (-one.start, -one.end)):
            text = text[: edit.start] + edit.new + text[edit.end :]
        try:
            Tree(text)
        except ValueError:
            return self.text
        return text


def child(node: Node | None, key: str) -> Node | None:
    """The value of a key; None where there is none."""
    return pair(node, key)[1]


def pair(node: Node | None, key: str) -> tuple[Node | None, Node | None]:
    """A key and its value."""
    for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if isinstance(name, yaml.ScalarNode) and name.value == key:
            return name, value
    return None, None


def scalar(node: Node | None, key: str) -> str:
    """The text of a key's value; '' where it is none."""
    found = child(node, key)
    return str(found.value) if isinstance(found, yaml.ScalarNode) else ""


def line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def before(node: Node, lines: Iterable[str]) -> Edit:
    """Lines before a key of a block mapping, in its column."""
    at, column = node.start_mark.index, " " * node.start_mark.column
    return Edit(at, at, "".join(f"{one}\n{column}" for one in lines))


def is_block(node: Node | None) -> bool:
    return isinstance(node, yaml.MappingNode) and not node.flow_style and bool(node.value)
