"""Words of code and of people, brought to the same form.

Promises: `getUserName`, `get_user_name` and "get the user names" share their words; a compound
identifier is also kept whole, because it names one thing exactly; the same text gives the same
words in every process. Never: reads a dictionary, a model or a locale.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
# `HTTPServer2` -> HTTP, Server, 2: an acronym ends where the next capitalised word starts.
_PART = re.compile(r"([A-Z]+(?![a-z])|[A-Z]?[a-z]+)|([0-9]+)")
_VOWEL = re.compile(r"[aeiouy]")
LONGEST = 60  # longer runs are encoded data, not names

# Words that say nothing about where a change belongs: English glue, and the glue of programs.
STOP = frozenset(
    """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can cannot could did do does doing don down during each either else etc
    every few for from further had has have having he her here hers him his how however i if in
    instead into is isn it its itself just let like ll m may me might more most must my need no nor
    not now of off on once only or other our out over own please re s same see shall she should so
    some still such t than that the their them then there these they this those though through to
    too under until up upon us ve very was we were what when where whether which while who whom
    whose why will with without would yet you your
    self cls def var const return none null true false
    """.split()  # noqa: SIM905 - words are easier to read than quotes
)

# Longest first: the first ending that leaves three letters with a vowel is taken off.
_SUFFIXES = tuple(
    sorted(
        """
        ational ization isation ations ations ators ating ation ated ates ator ate ically fulness
        iveness ities ity ments ment ness ings ing ions ion ers ors er or ied ies es ed ly s e
        """.split(),  # noqa: SIM905
        key=lambda ending: (-len(ending), ending),
    )
)
_KEEPS_I = frozenset({"ied", "ies", "ities", "ity"})
_BECOMES_IZ = frozenset({"ization", "isation"})

# What code abbreviates: a text says "configuration", the file says `cfg`.
_SHORT_FOR = dict(
    pair.split(":")
    for pair in """
        arg:argument attr:attribute auth:authentication cfg:configuration cmd:command
        conf:configuration config:configuration conn:connection ctx:context db:database
        dep:dependency dir:directory doc:documentation env:environment err:error
        exc:exception expr:expression fn:function func:function id:identifier
        impl:implementation init:initialize kwarg:argument len:length lib:library
        mod:module msg:message num:number obj:object param:parameter pkg:package
        prop:property ref:reference repo:repository req:request resp:response str:string
        tmp:temporary util:utility val:value var:variable
    """.split()  # noqa: SIM905
)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A lower-case word without its English ending; `serializer`, `serialized` -> `serializ`.

    Coarser than Porter's on purpose: code abbreviates, so the stem only has to be the same for
    forms of one word, not to be a word. Words of three letters and "ss", "us", "is" ends stay.
    """
    kept = _without_ending(word)
    kept = _without_ending(_SHORT_FOR.get(kept, kept))
    return _without_ending(kept)


def _without_ending(word: str) -> str:
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("y"):
        return word[:-1] + "i"
    for ending in _SUFFIXES:
        if not word.endswith(ending):
            continue
        kept = word[: -len(ending)]
        if len(kept) < 3 or not _VOWEL.search(kept):
            continue
        if ending in _KEEPS_I:
            return kept + "i"
        if ending in _BECOMES_IZ:
            return kept + "iz"
        if len(kept) > 3 and kept[-1] == kept[-2] and kept[-1] not in "ls":
            return kept[:-1]
        return kept
    return word


@lru_cache(maxsize=262_144)
def parts(identifier: str) -> tuple[str, ...]:
    """The stemmed words of one identifier, in order, stop words and single letters dropped.

    A number belongs to the letters before it: `http2` gives `http` and `http2`.
    """
    found = []
    before, end = "", 0
    for match in _PART.finditer(identifier):
        letters, digits = match.groups()
        if letters is not None:
            before, end = letters.lower(), match.end()
            if len(before) > 1 and before not in STOP:
                found.append(stem(before))
        elif before and match.start() == end:
            found.append(before + digits)
        elif len(digits) > 1:
            found.append(digits)
    return tuple(found)


def pieces(identifier: str) -> list[str]:
    """The parts of an identifier as they stand, in lower case; none is dropped."""
    return [(letters or digits).lower() for letters, digits in _PART.findall(identifier)]


def whole(*words: str) -> str:
    """The term of an identifier that is written with these words and no others."""
    return "=" + "".join(words)


@lru_cache(maxsize=262_144)
def terms(identifier: str) -> tuple[str, ...]:
    """`parts`, and the whole identifier in lower case without separators when it has several.

    `getUserName` and `get_user_name` give the same whole, so a text may use either.
    """
    if len(identifier) > LONGEST:
        return ()
    found = parts(identifier)
    if len(_PART.findall(identifier)) > 1:
        joined = identifier.replace("_", "").replace("$", "").lower()
        if joined not in found:
            return (*found, whole(joined))
    return found


def identifiers(text: str) -> Counter[str]:
    """Every identifier and plain word of `text` with its count."""
    return Counter(_WORD.findall(text))


def count_terms(words: Counter[str] | Iterable[str]) -> dict[str, int]:
    """Terms and how often they come, for identifiers that `identifiers` gave."""
    counted: dict[str, int] = {}
    for word, times in Counter(words).items():
        for term in terms(word):
            counted[term] = counted.get(term, 0) + times
    return counted
