"""One expression a language that passes over code and strings and stops at comments.

Promises: every match of `RECIPES[language]` is code without a comment, followed by one comment in
group `c` (line comments directly below each other are one), or a quote that is not closed in group
`unsure`: what was read may be wrong from there on. Possessive and atomic throughout, so that the
time is linear and no Python runs between two comments. Never: decides what a comment says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

LINES = rb"(?:\n[ \t]*+%b[^\n]*+)*+"  # more line comments, directly below
DOUBLE = rb'"[^"\\\n]*+(?:\\(?s:.)[^"\\\n]*+)*+"'
SINGLE = rb"'[^'\\\n]*+(?:\\(?s:.)[^'\\\n]*+)*+'"
DOUBLE_LONG = rb'"[^"\\]*+(?:\\(?s:.)[^"\\]*+)*+"'
SINGLE_LONG = rb"'[^'\\]*+(?:\\(?s:.)[^'\\]*+)*+'"
# For a second reading, where a quote that is not closed must not take the rest of the file.
DOUBLE_SHORT = rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+(?:"|(?=\\?(?:\n|\Z)))'
SINGLE_SHORT = rb"'(?:[^'\\\n]|\\[^\n]){0,500}+'"
TRIPLE_DOUBLE = rb'"""[^"\\]*+(?:(?:\\(?s:.)|"(?!""))[^"\\]*+)*+(?:"""|\Z)'
TRIPLE_SINGLE = rb"'''[^'\\]*+(?:(?:\\(?s:.)|'(?!''))[^'\\]*+)*+(?:'''|\Z)"
TRIPLE_RAW = rb'"""[^"]*+(?:"(?!"")[^"]*+)*+(?:"""++|\Z)'
BACKTICKS = rb"`[^`]*+(?:`|\Z)"
# A letter in quotes, so that a Rust lifetime or a separator of digits opens nothing.
LETTER = (
    rb"(?:(?<![0-9a-fA-F])|(?<=u8))'(?:\\[^\n][^'\n]{0,10}+|[\x00-\x26\x28-\x5b\x5d-\x7f]"
    rb"|[\xc0-\xff][\x80-\xbf]++)'"
)
RUST_RAW = rb'(?:(?<=\br)|(?<=\bbr)|(?<=\bcr))(?P<h>#*+)"(?s:.*?)(?:"(?P=h)|\Z)'


def line(leader: bytes, before: bytes = b"") -> tuple[bytes, bytes]:
    """A line comment and those of the lines below it. `before`: what must be true where it is."""
    return before + leader, before + leader + rb"[^\n]*+" + LINES % leader


def block(opener: bytes, closer: bytes) -> tuple[bytes, bytes]:
    """A comment that ends at the first `closer`."""
    return opener, opener + rb"(?s:.*?)(?:" + closer + rb"|\Z)"


def nested(opener: bytes, closer: bytes, either: bytes) -> tuple[bytes, bytes]:
    """A comment that may hold comments of its kind. `either`: the bytes of both marks."""
    whole = rb"(?!)"
    for _ in range(4):
        other = rb"(?!" + closer + rb")(?!" + opener + rb")[" + either + rb"]"
        parts = rb"(?:[^" + either + rb"]++|" + other + rb"|" + whole + rb")*+"
        whole = opener + parts + rb"(?:" + closer + rb"|\Z)"
    return opener, whole


def alone(leader: bytes) -> bytes:
    """A line that is no comment, for languages whose comments have a line of their own."""
    return rb"^[ \t]*+(?!" + leader + rb")[^\n]++|^[ \t]++(?=\n|\Z)|(?<!^)[^\n]++"


_BUT = re.compile(rb"(?<!\\)(\[\^(?:\\.|[^\]\\])+\])(?=[*+]\+)", re.S)


_BYTES = bytes(range(256))


def told_by_what_they_have(expression: bytes) -> bytes:
    """The same expression, whose runs of "all bytes but these" name the bytes that they have.

    `re` looks at a byte once then; of those to leave out it looks at one after the other.
    """
    return _BUT.sub(lambda found: _class(found[1]), expression)


@cache
def _class(negated: bytes) -> bytes:
    without = sorted(set(_BYTES) - set(b"".join(re.findall(negated, _BYTES))))
    if len(without) == 1:  # the one thing that it is quick at
        return negated
    ends = zip((-1, *without), (*without, 256), strict=True)
    spans = (b"\\x%02x-\\x%02x" % (end + 1, start - 1) for end, start in ends if start > end + 1)
    return b"[" + b"".join(spans) + b"]"


@dataclass(frozen=True)
class Recipe:
    """What a language is read with.

    `special`: the bytes that may begin a string or a comment. `skipped`: strings and their like,
    tried in order. `comments`: (how one begins, the whole of it). `quotes`: bytes that must close.
    `run`: what has nothing special, where that is more than bytes that are not.
    """

    special: bytes
    skipped: tuple[bytes, ...]
    comments: tuple[tuple[bytes, bytes], ...]
    quotes: bytes = b'"'
    run: bytes = b""

    def expression(self, again: bool = False) -> re.Pattern[bytes]:
        """`again`: for a file in which a quote is not closed; strings end with their line."""
        skipped = list(self.skipped)
        if again:
            for long, short in (
                (_RUBY_TEXT, DOUBLE_SHORT),
                (_SHELL_TEXT, DOUBLE_SHORT),
                (DOUBLE_LONG, DOUBLE_SHORT),
                (SINGLE_LONG, SINGLE_SHORT),
                (DOUBLE, DOUBLE_SHORT),
                (SINGLE, SINGLE_SHORT),
            ):
                skipped = [one.replace(long, short) for one in skipped]
        quotes = b"" if again else self.quotes
        stops = b"".join(rb"(?!" + opener + rb")" for opener, _ in self.comments)
        if quotes:
            stops += rb"(?![" + quotes + rb"])"
        run = self.run or rb"[^" + self.special + rb"]++"
        skip = b"|".join([run, *skipped, stops + rb"[" + self.special + rb"]"])
        found = b"|".join(whole for _, whole in self.comments)
        unsure = rb"|(?P<unsure>[" + quotes + rb"])" if quotes else rb"|(?P<unsure>(?!))"
        whole = rb"(?>" + skip + rb")*+(?:(?P<c>" + found + rb")" + unsure + rb")?"
        return re.compile(told_by_what_they_have(whole), re.M)


@cache
def lexer(language: str, again: bool = False) -> re.Pattern[bytes]:
    """The expression of a language; made when a file of it is read, which takes a moment."""
    return RECIPES[language].expression(again)


_SLASHES, _HASHES, _BLOCK = line(rb"//"), line(rb"#"), block(rb"/\*", rb"\*/")
_NESTED = nested(rb"/\*", rb"\*/", rb"*/")
# A backslash at its end carries a line comment of C on.
_CARRIED = rb"//[^\n\\]*+(?:\\(?s:.)[^\n\\]*+)*+"
_C_SLASHES = (rb"//", _CARRIED + rb"(?:\n[ \t]*+" + _CARRIED + rb")*+")
_HOLE = rb"\{(?:[^{}\"'\n]++|" + DOUBLE + rb"|" + SINGLE + rb"|\{[^{}\n]*+\})*+\}"
# Since Python 3.12 what stands in the braces of an f-string may have its own quotes.
_FORMATTED = (
    rb"(?<=[fFtT])(?!\"\"\"|''')(?:\"(?:[^\"\\\n{]++|\\(?s:.)|\{\{|" + _HOLE + rb")*+\""
    rb"|'(?:[^'\\\n{]++|\\(?s:.)|\{\{|" + _HOLE + rb")*+')"
)
_TEMPLATE = rb"(?!)"
for _ in range(3):
    _INSIDE = (
        rb"(?:[^{}\"'`/]++|" + DOUBLE + rb"|" + SINGLE + rb"|" + _TEMPLATE
        + rb"|\{[^{}\"'`]*+\}|/(?![/*]))*+"
    )  # fmt: skip
    _TEMPLATE = rb"`(?:[^`\\$]++|\\(?s:.)|\$(?!\{)|\$\{" + _INSIDE + rb"\})*+`"
# A slash begins a regular expression where no value stands before it.
_EXPRESSION = (
    rb"(?:(?<=[(,=:\[!&|?{};+*%<>~^\n])|(?<=\s)(?!/[\s=]))/(?![/*])"
    rb"(?:[^/\\\[\n]++|\\[^\n]|\[(?:[^\]\\\n]++|\\[^\n])*+\])++/"
)


def _heredoc(opener: bytes) -> bytes:
    """A text up to the line that begins with a word. `opener`: up to the quotes of that word.

    No group may fail between its first byte and its last: `re` would keep half of it. So many lines
    at most, because each opener that is none looks for its end.
    """
    return (
        opener + rb"(?P<q>[\"'`\\]?+)(?=[A-Za-z_])(?P<w>\w++)(?:(?P=q))?[^\n]*+\n"
        rb"(?:(?![ \t]*+(?P=w)\b)[^\n]*+\n){0,1000}+[ \t]*+(?P=w)\b"
    )


_HEREDOC = _heredoc(rb"<<[-~]?+[ \t]*+")
_RUBY_HEREDOC = _heredoc(rb"<<(?:[-~]|(?=[\"'`A-Z_]))")  # `list << word` opens none
_RUBY_TEXT = (
    rb"\"(?:[^\"\\#]++|\\(?s:.)|#(?!\{)|#\{(?:[^{}\"']++|" + DOUBLE + rb"|" + SINGLE
    + rb"|\{[^{}]*+\})*+\})*+\""
)  # fmt: skip
_PERCENT = (
    rb"(?<![\w)\]])%[qQwWiIrx]?+(?:\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)"
    rb"|\[[^\[\]]*+(?:\[[^\[\]]*+\][^\[\]]*+)*+\]|\{[^{}]*+(?:\{[^{}]*+\}[^{}]*+)*+\}|\|[^|\n]*+\|)"
)
_SHELL_TEXT = (
    rb"\"(?:[^\"\\$`]++|\\(?s:.)|\$\{[^}\n]*+\}|\$\((?:[^()\"'\\]++|\\(?s:.)|" + DOUBLE + rb"|"
    + SINGLE + rb"|\([^()]*+\))*+\)|`[^`]*+`|[$`])*+\""
)  # fmt: skip
_WORD = rb"(?:^|(?<=[\s;&|()]))"
_ANY = rb"\\(?s:.)"

RECIPES: dict[str, Recipe] = {
    "python": Recipe(
        rb"\"'#",
        (TRIPLE_DOUBLE, TRIPLE_SINGLE, _FORMATTED, DOUBLE, SINGLE),
        (_HASHES,),
        rb"\"'",
    ),
    "javascript": Recipe(
        rb"\"'`/", (DOUBLE, SINGLE, _TEMPLATE, _EXPRESSION), (_SLASHES, _BLOCK), rb"\"'`"
    ),
    "go": Recipe(rb"\"'`/", (DOUBLE, LETTER, BACKTICKS), (_SLASHES, _BLOCK), rb"\"`"),
    "rust": Recipe(rb"\"'/#", (RUST_RAW, DOUBLE_LONG, LETTER), (_SLASHES, _NESTED)),
    "java": Recipe(rb"\"'/", (TRIPLE_DOUBLE, DOUBLE, LETTER), (_SLASHES, _BLOCK)),
    "c": Recipe(
        rb"\"'/",
        (rb'(?<=R)"(?P<d>[^()\\\s]{0,16}+)\((?s:.*?)(?:\)(?P=d)"|\Z)', DOUBLE, LETTER),
        (_C_SLASHES, _BLOCK),
    ),
    "plain_c": Recipe(rb"\"'/", (DOUBLE, SINGLE_SHORT), (_SLASHES, _BLOCK)),
    "csharp": Recipe(
        rb"\"'/",
        (TRIPLE_RAW, rb'(?:(?<=@)|(?<=@\$))"[^"]*+(?:""[^"]*+)*+(?:"|\Z)', DOUBLE, LETTER),
        (_SLASHES, _BLOCK),
    ),
    "kotlin": Recipe(rb"\"'/`", (TRIPLE_RAW, DOUBLE, LETTER, rb"`[^`\n]*+`"), (_SLASHES, _NESTED)),
    "groovy": Recipe(
        rb"\"'/", (TRIPLE_DOUBLE, TRIPLE_SINGLE, DOUBLE, SINGLE), (_SLASHES, _BLOCK), rb"\"'"
    ),
    "php": Recipe(
        rb"\"'/#<`",
        (DOUBLE_LONG, SINGLE_LONG, rb"<" + _HEREDOC),
        (_SLASHES, line(rb"#(?!\[)"), _BLOCK),
        rb"\"'",
    ),
    "ruby": Recipe(
        rb"\"'#/`%<=?$",
        (
            rb"\?[\"'#`/](?!\w)",
            rb"\$[\"'#`/]",
            _RUBY_TEXT,
            SINGLE_LONG,
            BACKTICKS,
            _RUBY_HEREDOC,
            _EXPRESSION,
            _PERCENT,
        ),
        (_HASHES, (rb"^=begin\b", rb"^=begin\b(?s:.*?)(?:^=end\b|\Z)")),
        rb"\"'`",
    ),
    "perl": Recipe(
        rb"\"'#/<=$\\",
        (
            _ANY,
            rb"\$[\"'#/$]",
            DOUBLE_LONG,
            SINGLE_LONG,
            _HEREDOC,
            rb"(?:(?<=[(,=~])|(?<=[(,=~] ))/(?:[^/\\\n]++|\\[^\n])++/",
            rb"^=[a-z](?s:.*?)(?:^=cut\b|\Z)",
        ),
        (line(rb"#", _WORD),),
        rb"\"'",
    ),
    "shell": Recipe(
        rb"\"'#\\$<",
        (
            _ANY,
            rb"\$'[^'\\]*+(?:\\(?s:.)[^'\\]*+)*+(?:'|\Z)",
            rb"\$\{[^}\n]*+\}",
            rb"\$#",
            _SHELL_TEXT,
            rb"'[^']*+'",
            rb"<<<",
            _HEREDOC,
        ),
        (line(rb"#", _WORD),),
        rb"\"'",
    ),
    "toml": Recipe(
        rb"\"'#",
        (TRIPLE_DOUBLE, rb"'''(?s:.*?)(?:'''|\Z)", DOUBLE, rb"'[^'\n]*+'"),
        (_HASHES,),
        rb"\"'",
    ),
    "hash": Recipe(
        rb"\"'#\\", (rb"\\[^\n]", TRIPLE_DOUBLE, DOUBLE_SHORT, SINGLE_SHORT), (_HASHES,), b""
    ),
    "hash_line": Recipe(
        rb"\n", (), ((rb"[ \t]*+[#;]", line(rb"[#;]", rb"[ \t]*+")[1]),), b"", alone(rb"[#;]")
    ),
    "hcl": Recipe(rb"\"#/<", (DOUBLE, _HEREDOC), (_HASHES, _SLASHES, _BLOCK)),
    "sql": Recipe(
        rb"\"'`/#-",
        (rb'"[^"]*+"', rb"'[^'\\]*+(?:(?:\\(?s:.)|'')[^'\\]*+)*+(?:'|\Z)", BACKTICKS),
        (line(rb"--"), line(rb"#", rb"^"), _NESTED),
        rb"\"'",
    ),
    "css": Recipe(rb"\"'/", (DOUBLE_SHORT, SINGLE_SHORT), (_BLOCK,), b""),
    "scss": Recipe(
        rb"\"'/u",
        (DOUBLE_SHORT, SINGLE_SHORT, rb"url\([^)\n]*+\)"),
        (line(rb"//", rb"(?<!:)"), _BLOCK),
        b"",
    ),
    "lua": Recipe(
        rb"\"'\[-",
        (DOUBLE, SINGLE, rb"\[(?P<e>=*+)\[(?s:.*?)(?:\](?P=e)\]|\Z)"),
        (
            (rb"--\[=*+\[", rb"--\[(?P<f>=*+)\[(?s:.*?)(?:\](?P=f)\]|\Z)"),
            line(rb"--(?!\[=*+\[)"),
        ),
        rb"\"'",
    ),
    "haskell": Recipe(
        rb"\"'{-",
        (DOUBLE, rb"(?<![\w'])" + LETTER),
        (nested(rb"\{-", rb"-\}", rb"{}\-"), line(rb"--(?![!#$%&*+./<=>?@\\^|~:])")),
    ),
    "lisp": Recipe(
        rb"\";\\#", (_ANY, DOUBLE_LONG), (line(rb";"), nested(rb"#\|", rb"\|#", rb"#|"))
    ),
    "percent": Recipe(rb"%\\\"", (rb"\\[^\n]", rb"\"[^\"\n]*+\""), (line(rb"%"),), b""),
    "powershell": Recipe(
        rb"\"'#<`@",
        (
            rb"`(?s:.)",
            rb"@\"[ \t\r]*+\n(?s:.*?)(?:\n\"@|\Z)",
            rb"@'[ \t\r]*+\n(?s:.*?)(?:\n'@|\Z)",
            rb'"[^"`]*+(?:(?:`(?s:.)|"")[^"`]*+)*+(?:"|\Z)',
            rb"'[^']*+(?:''[^']*+)*+'",
        ),
        (block(rb"<#", rb"#>"), line(rb"#", _WORD)),
        rb"\"'",
    ),
    "ml": Recipe(
        rb"\"'/(",
        (TRIPLE_DOUBLE, DOUBLE_LONG, rb"(?<!\w)" + LETTER, rb"\(\*\)"),
        (nested(rb"\(\*(?!\))", rb"\*\)", rb"(*)"), _SLASHES),
    ),
    "jsonc": Recipe(rb"\"/", (DOUBLE,), (_SLASHES, _BLOCK)),
    "jsonnet": Recipe(
        rb"\"'/#|@",
        (
            rb"\|\|\|-?+[ \t]*+\n(?s:.*?)(?:\n[ \t]*+\|\|\||\Z)",
            rb"@\"[^\"]*+(?:\"\"[^\"]*+)*+\"|@'[^']*+(?:''[^']*+)*+'",
            DOUBLE_LONG,
            SINGLE_LONG,
        ),
        (_HASHES, _SLASHES, _BLOCK),
        rb"\"'",
    ),
    "batch": Recipe(
        rb"\n",
        (),
        ((rb"[ \t]*+@?(?i:rem\b|::)", rb"[ \t]*+@?(?i:rem\b|::)[^\n]*+"),),
        b"",
        alone(rb"@?(?i:rem\b|::)"),
    ),
}
RECIPES["jsx"] = RECIPES["typescript"] = RECIPES["tsx"] = RECIPES["javascript"]
