"""What a path says of a file's part in a project: source, test, or a thing beside the source.

Promises: judged from the path alone, the same everywhere. Never: reads a file.
"""

from __future__ import annotations

import re
from typing import Literal

Role = Literal["source", "test", "aside"]

# `django/test/client.py` and `numpy/testing/` are sources, so `test/` and `testing/` count at the
# top of a repository only (and below `src/` in the Java layout).
_TEST = re.compile(
    r"(^|/)(tests|__tests__|testdata|test_data|e2e)/"
    r"|^(src/)?(test|testing|spec|specs)/"
    r"|(^|/)(test_[^/]*|conftest\.py|tests?\.py|[^/]*_tests?\.(py|go|rs|c|cc|cpp))$"
    r"|\.(test|spec)\.[a-z]+$"
    r"|(^|/)[A-Z][^/]*Tests?\.java$"
)
_ASIDE = re.compile(
    r"(^|/)(docs|examples?|samples?|benchmarks?|bench|asv_bench|vendor|node_modules|third_party"
    r"|dist|build)/"
    r"|^(doc|scripts|tools)/.*\.py$"
    r"|(^|/)(setup|conf)\.py$"
    r"|\.d\.ts$|\.pb\.go$|_pb2\.pyi?$|\.min\.js$|(^|/)zz_generated[^/]*$"
)
# What runners collect by name; helpers, fixtures and data beside the tests are not run.
_COLLECTED = re.compile(
    r"(^|/)(test_[^/]*|[^/]*_tests?|tests?)\.py$|_test\.go$|\.(test|spec)\.[a-z]+$"
    r"|(^|/)[A-Z][^/]*Tests?\.java$|(^|/)tests/[^/]+\.rs$|_tests?\.(rs|c|cc|cpp)$"
    r"|(^|/)(__tests__|test|tests|e2e)/(?!.*(fixtures?|helpers?|mocks?|data|utils?)\b).*\.[cm]?[jt]sx?$"
)


def is_test_file(path: str) -> bool:
    """Whether a test runner would collect the file."""
    return role_of(path) == "test" and _COLLECTED.search(path) is not None


def role_of(path: str) -> Role:
    """`test`, else `aside` for documentation, examples, benchmarks and generated code."""
    if _TEST.search(path):
        return "test"
    return "aside" if _ASIDE.search(path) else "source"
