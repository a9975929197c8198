"""The signs by which ways of writing code are told apart, one table a question (§5.3).

Promises: tables of patterns only. A question's answers are counted against each other, so each
pattern matches once for each case of its answer.
"""

from __future__ import annotations

import re

_JS_NAMES = {
    "functions": r"^[ \t]*(?:export )?(?:default )?(?:async )?function\*? (\w+)",
    "classes": r"^[ \t]*(?:export )?(?:default )?(?:abstract )?(?:class|interface) (\w+)",
}
_C_FUNCTION = r"^[A-Za-z_][\w \t*&:<>]*?[ *&](\w+)\([^;{}]*\)\s*\{"

_DEFINITIONS = {
    "python": {"functions": r"^[ \t]*(?:async )?def (\w+)", "classes": r"^[ \t]*class (\w+)"},
    "javascript": _JS_NAMES,
    "typescript": _JS_NAMES,
    "go": {"functions": r"^func (?:\([^)]*\) )?([a-z]\w*)", "types": r"^type (\w+)"},
    "rust": {
        "functions": r"^[ \t]*(?:pub(?:\([^)]*\))? )?(?:async )?fn (\w+)",
        "types": r"^[ \t]*(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait) (\w+)",
    },
    "java": {
        "methods": r"^[ \t]+(?:public|private|protected)[\w<>\[\], ]* (\w+)\([^)]*\)[^;{]*\{",
        "classes": r"^[ \t]*(?:public |final |abstract )*(?:class|interface|enum|record) (\w+)",
    },
    "c": {"functions": _C_FUNCTION},
    "cpp": {"functions": _C_FUNCTION, "classes": r"^[ \t]*(?:class|struct) (\w+)"},
}
DEFINITIONS = {
    language: {what: re.compile(pattern, re.MULTILINE) for what, pattern in table.items()}
    for language, table in _DEFINITIONS.items()
}
"""Language → what is named → a pattern whose one group is the name."""

CONSTANTS = {
    language: re.compile(pattern, re.MULTILINE)
    for language, pattern in {
        "python": r"^([A-Za-z_]\w+)\s*(?::[^=\n]+)?= *(?:-?\d|['\"(\[{]|frozenset|re\.compile)",
        "javascript": r"^(?:export )?const (\w+)(?:: [^=\n]+)? = (?:-?\d|['\"`\[])",
        "typescript": r"^(?:export )?const (\w+)(?:: [^=\n]+)? = (?:-?\d|['\"`\[])",
        "go": r"^(?:const |\t)(\w+)(?: \w+)? += (?:-?\d|\"|iota)",
        "rust": r"^[ \t]*(?:pub )?(?:const|static) (\w+):",
        "java": r"^[ \t]+(?:public |private |protected )?static final [\w<>\[\]]+ (\w+)",
    }.items()
}

_JS_SIGNS = {
    "quotes": {"single": r"'[^'\n\"]*'", "double": r'"[^"\n\']*"'},
    "semicolons": {"yes": r"[\w)\]'\"`];$", "no": r"[\w)\]'\"`]$"},
    "imports": {
        "named": r"^import (?:type )?\{",
        "default": r"^import \w+ from",
        "namespace": r"^import \* as",
        "require": r"^(?:const|let|var) .*= require\(",
    },
    "errors": {
        "try/catch": r"\bcatch\s*[({]",
        ".catch on promises": r"\.catch\(",
        "error-first callbacks": r"(?:function\s*)?\((?:err|error), ?\w+\) ?(?:=>|\{)",
    },
    "asynchrony": {"async/await": r"\bawait\b", "then chains": r"\.then\("},
    "functions": {"arrow": r"=> ?[{(\w]", "function keyword": r"\bfunction\b"},
}
_SIGNS = {
    "python": {
        "quotes": {
            "double": r'(?<!["\w])"[^"\n\']*"(?!")',
            "single": r"(?<!['\w])'[^'\n\"]*'(?!')",
        },
        "imports": {
            "absolute, names from modules": r"^from [A-Za-z]\S* import",
            "relative, names from modules": r"^from \.\S* import",
            "whole modules": r"^import ",
        },
        "type hints": {
            "functions are annotated": (
                r"^[ \t]*(?:async )?def \w+\([^()]*(?:\([^()]*\)[^()]*)*\) ->"
            ),
            "functions are not annotated": (
                r"^[ \t]*(?:async )?def \w+\([^()]*(?:\([^()]*\)[^()]*)*\):"
            ),
        },
        "docstrings": {
            "NumPy sections": r"^[ \t]+(?:Parameters|Returns|Raises|Examples?)\n\s+-{3,}",
            "Google sections": r"^[ \t]+(?:Args|Returns|Raises|Yields):\s*\n\s+\S",
            "reST fields": r"^[ \t]+:(?:param|returns?|raises|rtype|type)\b",
        },
        "errors": {
            "raises exceptions of its own": r"\braise (?:\w+\.)*(?!Value|Type|Key|Index|Runtime|"
            r"NotImpl|Attribute|Assertion|OS|IO|Import|StopIt|Lookup|Exception|System|Keyboard)"
            r"[A-Z]\w*(?:Error|Exception|Warning|Failed|NotFound|Exit)\b",
            "raises built-in exceptions": r"\braise (?:Value|Type|Key|Index|Runtime|NotImplemented|"
            r"Attribute|Assertion|OS|IO|Import|Lookup)Error\b",
        },
        "string formatting": {
            "f-strings": r"\bf['\"]",
            "str.format": r"['\"]\.format\(",
            "percent": r"['\"] % [\w(]",
        },
    },
    "javascript": _JS_SIGNS,
    "typescript": _JS_SIGNS,
    "go": {
        "errors": {
            "wrapped with fmt.Errorf %w": r"fmt\.Errorf\([^\n]*%w",
            "fmt.Errorf without %w": r"fmt\.Errorf\((?![^\n]*%w)",
            "errors.Wrap": r"errors\.Wrapf?\(",
            "returned as they are": r"^[ \t]*return (?:[^\n]*, )?err$",
        },
        "imports": {"grouped": r"^import \($", "one by one": r'^import "'},
    },
    "rust": {
        "errors": {
            "? on Results": r"\?;",
            "unwrap or expect": r"\.(?:unwrap|expect)\(",
            "match on Results": r"\bErr\(\w+\) =>",
        }
    },
    "java": {
        "errors": {"throws": r"\bthrow new ", "Optional": r"\bOptional\.", "catch": r"\bcatch \("},
        "imports": {"single types": r"^import [\w.]+;", "wildcards": r"^import [\w.]+\.\*;"},
    },
    "c": {"braces": {"same line": r"\)\s?\{$", "own line": r"\)\n\s*\{$"}},
    "cpp": {"braces": {"same line": r"\)[\w ]*\{$", "own line": r"\)[\w ]*\n\s*\{$"}},
}
_JS_TESTS = {
    "tests are": {
        "describe with it": r"^[ \t]*it(?:\.\w+)*\(",
        "test()": r"^[ \t]*test(?:\.\w+)*\(",
    },
    "tests check with": {
        "expect": r"\bexpect\(",
        "assert": r"\bassert(?:\.\w+)?\(",
        "t.is and friends": r"\bt\.(?:is|deepEqual|true|throws|same)\(",
    },
}
_TEST_SIGNS = {
    "python": {
        "tests are": {
            "functions": r"^(?:async )?def test_\w+",
            "methods of classes": r"^[ \t]+(?:async )?def test_\w+",
        },
        "tests check with": {
            "assert statements": r"^[ \t]+assert\b",
            "self.assert methods": r"\bself\.assert\w+\(",
        },
    },
    "javascript": _JS_TESTS,
    "typescript": _JS_TESTS,
    "go": {
        "tests are": {
            "table-driven": r":?= (?:\[\]|map\[string\])struct \{",
            "one function a case": r"^func Test\w+_\w+",
        },
        "tests check with": {
            "the testing package": r"\bt\.(?:Error|Fatal)f?\(",
            "testify": r"\b(?:assert|require)\.\w+\(",
            "gomega": r"\bExpect\(",
        },
    },
    "java": {
        "tests check with": {
            "JUnit assertions": r"\bassert(?:Equals|True|That|Throws|Null|False|NotNull)\(",
            "AssertJ": r"\bassertThat\([^)]*\)\.",
        }
    },
}


def _compiled(
    table: dict[str, dict[str, dict[str, str]]],
) -> dict[str, dict[str, dict[str, re.Pattern[str]]]]:
    return {
        language: {
            question: {answer: re.compile(sign, re.MULTILINE) for answer, sign in answers.items()}
            for question, answers in questions.items()
        }
        for language, questions in table.items()
    }


SIGNS = _compiled(_SIGNS)
"""Language → question → answer → sign, for code."""
TEST_SIGNS = _compiled(_TEST_SIGNS)
"""The same for tests."""
