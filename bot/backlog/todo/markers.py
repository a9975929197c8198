"""What a comment asks for: TODO, FIXME, HACK, XXX and BUG where they are marks and not words.

Promises: a mark stands in capitals where a line, a sentence or a bracket begins, before a colon or
after "is a"; or it opens a comment as `todo:` and `@todo` do. In the midst of a sentence it is a
word of prose or a placeholder. A quoted mark, a part of a name or path, and what has `towpath:
ignore` in its comment are none. The lines that follow in the same comment belong to it up to a
blank line, the next mark, a directive, or code that was commented out.
Never: reads code, or raises on any bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

KINDS = ("TODO", "FIXME", "HACK", "XXX", "BUG")
TITLE = 80  # characters
LONGEST = 4_000  # characters of a text


class Mark(NamedTuple):
    """One thing that a comment asks for. Lines are counted from the comment's first, from 0.

    `text` begins with the mark, as it is written; `title` is its first sentence without it.
    `owner`: who is named in `TODO(…)`; `reference`: the issue or page it names.
    """

    kind: str
    line: int
    end_line: int
    text: str
    title: str
    owner: str
    reference: str


class _Line(NamedTuple):
    number: int
    column: int  # of the comment in its line, -1 inside a block comment
    indent: int  # of the words after the comment's leader
    words: str


_WORD = re.compile(r"(?<![A-Za-z0-9_])(TODO|FIXME|HACK|XXX|BUG)(?![A-Za-z0-9_])")
_SMALL = re.compile(
    r"(?:^\W{0,4}?|[.;!?)]\s+|(?:#|//)\s*)(?:(?P<at>[@\\])(?P<a>todo|fixme|(?<=@)hack|bug(?!\s+\d))\b"
    r"|(?P<b>todo|fixme)(?=(?:\([^()]{1,60}\)|\[[^\[\]]{1,60}\])?(?:\s?:(?!:)|\s--?\s)|\W*$)"
    r"|(?P<c>hack|xxx)(?=:(?!:)))"
    r"|^(?:(?P<d>todo(?=,)|fixme(?=,?\s+\w)))",
    re.I,
)
_IGNORE = re.compile(r"towpath:\s*ignore(?![-\w])", re.I)
_LEADER = re.compile(
    r"^[ \t]*(?://[/!]*|/\*[*!]*|\*(?!/)|#+!?|--+\[=*\[|--+|;+|%+|<!--+|\{#-?|\{-|\(\*+|<#|<%#|<%--"
    r"|\{\{!(?:--)?|@\*|@?rem\b|::|=begin)?[<|]?",
    re.I,
)
_CLOSER = re.compile(
    r"[ \t]*(?:\*+/|--+>|-?#\}|-\}|\*+\)|#>|--%>|%>|(?:--)?\}\}|\*@|\]=*\])[ \t]*$"
)
_RULE = re.compile(r"^[\W_]*$")
_TAG = (  # of documentation: what it says of a thing may be that it has to be written
    r"@(?:deprecated|returns?|value|since|internal|remarks|implNote|apiNote|note)\s+"
    r"|@(?:param|arg|throws|exception|property|prop|tparam)\s+(?:\{[^{}]*\}\s*)?[\w.$<>=\[\]]+\s+"
)
_START = re.compile(
    rf"^(?:<\w{{1,10}}(?:\s[^<>]*)?>|{_TAG})*[\s\-*•+>(\[{{<!~=:#/?|\"'`.]*(?:\d+[.)]\s*)?$"
)
_FENCE = re.compile(r"^(?:```|~~~)")
_EXAMPLE = re.compile(r"^[@\\]example\b")
_ANY_TAG = re.compile(r"^[@\\][A-Za-z]")
_INNER = re.compile(r"(?:^|\s)(?:#+|//+|/\*+|--|<!--|;+|%+)\s*$")
_SENTENCE = re.compile(r"(?:[.;!?:,)\]…]\s+|\s(?:-{1,3}|[–—])\s*|[(\[{]\s*|(?:#|//)\s*)$")
_DIRECTIVE = re.compile(
    r"^(?:noqa|type:|pragma|pylint:|mypy:|fmt:|isort:|ruff:|nolint|eslint|prettier|tslint|ts-|@ts-|"
    r"istanbul|c8 |v8 |rubocop:|shellcheck|NOSONAR|flake8|pyright:|coverage:|-\*-|vim?:|region\b|"
    r"endregion\b|@(?:param|returns?|throws|see|since|deprecated|author|type|link|example)\b)",
    re.I,
)
_CODE = re.compile(
    r"^(?:(?:def|class|if|for|while|import|from|return|assert|raise|const|let|var|function|else)\b"
    r".*[:;{)\]\d]|[\w.\[\]\"']+\s*(?:[-+*/|&]?=)(?!=)\s*\S.*|[\w.]+\(.*\)?;?|[})\];]+,?|@\w[\w.]*(?:\(.*)?)$"
)
_HEAD = re.compile(r"^(?:\s?\((?P<p>[^()\n]{1,80})\)|\s?\[(?P<s>[^\[\]\n]{1,80})\])?")
_IS = re.compile(
    r"\b(?:is|are|was|still|as)\s+(?:(?:an?|just|still|only|such|really|ugly)\s+)*$", re.I
)
_PHRASE = re.compile(r"\s+(?:lists?|comments?|items?|files?|notes?|tags?|markers?|annotations?)\b")
_REFERENCE = re.compile(
    r"https?://[^\s)>\]]+|(?<![\w&])(?:[\w.-]+/[\w.-]+)?#\d+\b|\b(?:GH|gh)-\d+\b"
    r"|\b(?!UTF|ISO|SHA|RFC|PEP|CVE)[A-Z][A-Z0-9]{1,9}-\d+\b|\b(?:b|crbug|bug)/\d+\b"
    r"|\b(?:issue|ticket|bug)s?\s+#?(?P<n>\d+)\b"
)
_HANDLE = re.compile(r"^@?[A-Za-z][\w.\- @+']*(?:\s*[,/&]\s*@?[A-Za-z][\w.\- @+']*)*$")
_DIGIT = re.compile(r"\d")
_GAP = re.compile(r"^[\s/|,:&+!?-]*(?:(?:and|or)\s+)?$")


def marks(comment: str, column: int = 0) -> Iterator[Mark]:
    """What `comment`, a comment or line comments below each other, asks for, in order.

    `column`: where its first line begins in the file.
    """
    for part in _parts(comment, column):
        if any(_IGNORE.search(line.words) for line in part):
            continue
        yield from _in_part(part)


def _parts(comment: str, column: int) -> Iterator[list[_Line]]:
    """Lines that belong together: a block comment, or line comments in one column."""
    lines = comment.split("\n")
    whole = _is_block(comment)
    part: list[_Line] = []
    for number, raw in enumerate(lines):
        line = raw.rstrip("\r \t")
        start = column if number == 0 else len(line) - len(line.lstrip(" \t"))
        if whole and number:
            start = column
        leader = _LEADER.match(line)
        rest = line[leader.end() :] if leader else line
        words = (_CLOSER.sub("", rest) if whole else rest).rstrip()
        bare = words.lstrip()
        indent = (len(line) - len(rest)) + len(words) - len(bare) if bare else 0
        if part and part[-1].column != start:
            yield part
            part = []
        part.append(_Line(number, start, indent + (column if number == 0 else 0), bare))
    if part:
        yield part


def _is_block(comment: str) -> bool:
    return comment.startswith(
        ("/*", "<!--", "{#", "{-", "(*", "--[", "<#", "<%", "{{", "@*", "{%", "=begin", "#|")
    )


def _in_part(part: list[_Line]) -> Iterator[Mark]:
    shown = _shown(part)
    found = [
        (place, start, end, kind)
        for place, line in enumerate(part)
        for start, end, kind in _marked(line.words)
        if place not in shown or not (shown[place] or _INNER.search(line.words[:start]))
    ]
    for index, (place, start, _end, kind) in enumerate(found):
        following = found[index + 1] if index + 1 < len(found) else None
        yield _mark(part, place, start, kind, following)


def _shown(part: list[_Line]) -> dict[int, bool]:
    """Lines that show code to readers; False where only comments in that code are surely shown."""
    fences = [place for place, line in enumerate(part) if _FENCE.match(line.words)]
    shown: dict[int, bool] = {}
    for first, last in zip(fences[::2], fences[1::2], strict=False):
        shown |= dict.fromkeys(range(first, last), True)
    example = False
    for place, line in enumerate(part):
        if _ANY_TAG.match(line.words) and place not in shown:
            example = _EXAMPLE.match(line.words) is not None
        elif example:
            shown.setdefault(place, False)
    return shown


def _marked(words: str) -> list[tuple[int, int, str]]:
    """(start, end, kind) of the marks in a line."""
    found: list[tuple[int, int, str]] = []
    for match in _WORD.finditer(words):
        if found and _GAP.match(words[found[-1][1] : match.start()]):
            found[-1] = (found[-1][0], match.end(), found[-1][2])  # TODO/FIXME: one thing
        elif _is_mark(words, match):
            found.append((match.start(), match.end(), match[1]))
    small = _SMALL.search(words)
    if small and not any(start <= small.end() <= end for start, end, _ in found):
        kind = next(small[name] for name in "abcd" if small[name]).upper()
        start = small.end() - len(kind) - bool(small["at"])
        if not _quoted(words[:start], words[small.end() :]):
            found = sorted([*found, (start, small.end(), kind)])
    return found


def _is_mark(words: str, match: re.Match[str]) -> bool:
    before, kind, after = words[: match.start()], match[1], words[match.end() :]
    starts = _START.match(before) is not None
    if _joined(before, after, starts and kind in ("TODO", "FIXME")):
        return False
    if starts:
        return True
    if _SENTENCE.search(before) or after.startswith((":", "!!")):
        return True
    return (
        kind in ("TODO", "FIXME", "HACK")
        and _IS.search(before) is not None
        and not _PHRASE.match(after)
    )


def _joined(before: str, after: str, lenient: bool) -> bool:
    """Whether the word is a part of a name, a path or a call, or is quoted."""
    left, right = before[-1:], after[:1]
    if _quoted(before, after):
        return True
    if left in ("“", "‘", "«") or (left == "<" and right == ">"):
        return not lenient or left != "<"
    if left in ("\\", "$", "%", "&", "=") or (
        left in ("-", "/", ".", "+") and before[-2:-1].isalnum()
    ):
        return True
    if after.startswith(("()", "(s)", "'s", "’s")):
        return True
    next_is_word = after[1:2].isalnum() or after[1:2] == "_"
    if right in (".", "=", "+") and next_is_word:
        return True
    if right in ("-", "/", "\\") and next_is_word:
        return not lenient
    return False


def _quoted(before: str, after: str) -> bool:
    left = before[-1:]
    if left and left in "\"'`" and left in after:
        return True
    return before.count("`") % 2 == 1 and "`" in after  # `# TODO: x`, said of such a comment


def _mark(
    part: list[_Line],
    place: int,
    start: int,
    kind: str,
    following: tuple[int, int, int, str] | None,
) -> Mark:
    line = part[place]
    if following is not None and following[0] == place:
        texts, last = [line.words[start : following[1]].rstrip(" \t(-/")], place
    else:
        texts, last = [line.words[start:]], place
        end = following[0] if following is not None else len(part)
        for index in range(place + 1, end):
            if not _goes_on(part, index, line):
                break
            texts.append(part[index].words)
            last = index
    text = "\n".join(texts)[:LONGEST].rstrip()
    head, rest = _without_mark(text)
    title = _title(rest) or _title(line.words[:start])
    reference = _REFERENCE.search(f"{head} {text}") if "/" in text or _DIGIT.search(text) else None
    return Mark(
        kind=kind,
        line=line.number,
        end_line=part[last].number,
        text=text,
        title=title,
        owner=_owner(head, rest),
        reference=""
        if reference is None
        else (f"#{reference['n']}" if reference["n"] else reference[0]),
    )


def _goes_on(part: list[_Line], index: int, first: _Line) -> bool:
    line = part[index]
    if (
        not line.words
        or _RULE.match(line.words)
        or _DIRECTIVE.match(line.words)
        or _CODE.match(line.words)
    ):
        return False
    return line.indent >= first.indent or part[0] is first


def _without_mark(text: str) -> tuple[str, str]:
    """(what stands in the brackets of the mark, the text after it)."""
    rest = re.sub(r"^[@\\]?[A-Za-z]+", "", text, count=1)
    while again := re.match(r"[\s/|,:&+!?-]*(?:(?:and|or)\s+)?(?:TODO|FIXME|HACK|XXX|BUG)\b", rest):
        rest = rest[again.end() :]
    found = _HEAD.match(rest)
    head = ((found["p"] or found["s"]) if found else None) or ""
    if found and head and (_HANDLE.match(head) or _REFERENCE.search(head)):
        rest = rest[found.end() :]
    else:
        head = ""
    return head.strip(), rest.lstrip(" \t\n:;,.!?-–—>|/)]}*_=`\"'：")


def _owner(head: str, rest: str) -> str:
    if head:
        found = re.search(
            r"(?<![\w/#])@?([A-Za-z][\w.\-+]*(?:@[\w.\-]+)?)", _REFERENCE.sub("", head)
        )
        return found[1] if found else ""
    told = re.match(r"@([A-Za-z][\w-]*)\b", rest)
    return told[1] if told else ""


_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)(?<!cf\.)\s+(?=[A-Z\"'(`])")


def _title(text: str) -> str:
    first = _SENTENCE_END.split(" ".join(text.split()), maxsplit=1)[0].strip(" \t-:;,")
    first = first[:-1] if first.endswith(".") and not first.endswith("..") else first
    if len(first) <= TITLE:
        return first
    return first[: TITLE - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
