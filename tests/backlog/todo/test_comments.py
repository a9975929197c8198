"""What is a comment, language by language: lines with YES are in one, lines with NO are not."""

from __future__ import annotations

import re
import time

import pytest

from bot.backlog.todo.comments import comments
from bot.backlog.todo.expressions import RECIPES, lexer, told_by_what_they_have
from bot.backlog.todo.languages import language_of

FILES = {
    "a.py": r'''
x = "# NO"  # YES
# YES
"""
# NO
"""
f"{y["# NO"]}"  # YES it's
\'\'\'it"s # NO\'\'\'
z = 'don\'t # NO' \
    "# NO"
r"\"  # NO" # YES
# "YES
''',
    "a.js": r"""
a = /["'#// NO]/; // YES
b = `NO ${c ? `// NO` : "}"} /* NO */`; /* YES */ x = a / b; // YES "y
if (x) /'/.test(y); // YES it's
/* YES
 * YES */
u = "http://NO"; v = 'it\'s // NO';
[
    /\/\/NO'/,
]
""",
    "a.tsx": r"""
const a = <p>don't // NO <b>it's /* NO */</b></p>; // YES
const b = <div>{/* YES */}</div>;
""",
    "a.ts": "const x: Array<string> = ['// NO'] as const // YES\nlet y = a! / b // YES\n",
    "a.go": 'a := `// NO\n/* NO */` // YES\nb := \'"\' // YES\nc := "\\"// NO"\n/* YES */\n',
    "a.rs": (
        "fn a<'a>(x: &'a str) { r#\"// NO \" \"#; '\"'; '\\''; } // YES\n"
        '/* YES /* YES */ YES */ let b = \'x\'; /// YES\n"a\n// NO\n"; b"// NO"; //! YES\n'
    ),
    "A.java": 'String a = """\n// NO "\n"""; // YES\nchar c = \'"\'; /** YES */ "\\\\"; // YES\n',
    "a.c": "#error don't\nint a = 1'000; // YES don't \\\nYES\n'\"'; \"\\\"// NO\"; /* YES */\n",
    "a.cpp": 'R"x(// NO )" )x"; u8\'a\'; L"// NO"; // YES\nauto n = 0x1\'0; // YES it\'s\n',
    "a.h": "#define A 'x' // YES\n/* YES\nYES */\n",
    "a.rb": (
        'x = "a #{b "# NO"} c" # YES\ny = <<~EOS\n # NO\nEOS\n=begin\nYES\n=end\n'
        "z = %w[# NO] # YES\n/#NO/ # YES\nw = 'NO # NO' # YES\n?# ; 1 # YES\n"
    ),
    "a.sh": (
        'echo "a $(b "c # NO") # NO" # YES\ncat <<EOF\n# NO\nEOF\n# YES\nx=${a#NO}; y=$# # YES\n'
        "cat <<-'E'\n\t# NO\n\tE\necho a#NO 'it # NO' $'\\'# NO' \\# NO\n"
    ),
    "a.yml": (
        'a: "b # NO" # YES\nrun: |\n  # NO\n  x\nb: don\'t # YES\n# YES\n- run: >-\n    # NO\n'
        "  name: x # YES\nc: a#NO\nq: 'x\n  # NO' # YES\n- |\n # NO\n- a # YES\n"
    ),
    "a.html": (
        '<!-- YES --><p># NO // NO</p><script>var a="// NO"; // YES\n</script>{# YES #}'
        "<style>/* YES */</style><script type='text/template'>// NO</script>"
    ),
    "a.vue": (
        '<template><!-- YES --></template>\n<script lang="ts">\nconst a = "// NO" // YES\n</script>'
    ),
    "a.php": (
        '<!-- YES --><?php echo "// NO"; // YES ?> // NO <?php /* YES ?> */ $a = <<<EOT\n// NO\n'
        "EOT;\n# YES\n#[NO]\n$b = '# NO';"
    ),
    "a.cs": 'var a = @"c:\\"; // YES\nvar b = $"// NO"; """ // NO """; \'"\' // YES\n',
    "a.kt": 'val a = """ // NO $x """ // YES\n/* YES /* YES */ YES */',
    "a.swift": 'let a = "// NO" // YES\n',
    "a.sql": "select '-- NO''-- NO' -- YES\n/* YES */",
    "a.toml": "a = \"# NO\" # YES\nb = 'C:\\' # YES\nc = '''\n# NO\n'''\n",
    "a.tf": "a = <<EOF\n# NO\nEOF\n# YES\n// YES\n/* YES */",
    "a.lua": "x = [[ -- NO ]] --[[ YES ]] -- YES\n--[==[ YES ]] YES ]==] y = '-- NO'",
    "a.hs": 'x = "-- NO" -- YES\n{- YES {- YES -} YES -} y --> NO\n',
    "a.pl": 'my $x = $#a; # YES\n\n=pod\n\n# NO\n\n=cut\n\nprint "a # NO"; # YES\n',
    "a.css": "a { b: '/* NO */'; /* YES */ }",
    "a.scss": "a { b: url(http://NO); } // YES\n/* YES */",
    "a.ini": "# YES\n a=1 # NO\n\n  ; YES\n#YES\n",
    "Dockerfile": "# YES\nRUN echo '# NO' # NO\n",
    "Makefile": "a: b # YES\n\techo '# NO'\n",
    "a.ps1": '<# YES #> "a`" # NO" # YES\n',
    "a.clj": '(a "; NO") ; YES\n',
    "a.ml": 'let x = "(* NO *)" (* YES (* YES *) *)\n',
    "a.bat": "@rem YES\necho NO\n:: YES\n",
    "a.xml": "<a><!-- YES\nYES --><b>NO</b></a>",
    "a.R": "x <- '# NO' # YES\n",
}

HOSTILE = (
    b'"\\',
    b"'\\'",
    b"`${",
    b"/*",
    b'f"{',
    b"<<A\n",
    b"(*",
    b"[[",
    b"/",
    b"{-",
    b"%q(",
    b"{#",
)


@pytest.mark.parametrize("name", FILES)
def test_yes_is_in_a_comment_and_no_is_not(name: str) -> None:
    data = FILES[name].replace("\\'\\'\\'", "'''").encode()
    language = language_of(name)
    assert language is not None
    within = [False] * len(data)
    for start, end in comments(data, language):
        within[start:end] = [True] * (end - start)
    wrong = [
        (match[0], data[max(0, match.start() - 20) : match.end()])
        for match in re.finditer(rb"\b(?:YES|NO)\b", data)
        if within[match.start()] != (match[0] == b"YES")
    ]
    assert not wrong


def test_lines_below_each_other_are_one_comment() -> None:
    assert len(list(comments(b"# a\n  # b\n\n# c\nx = 1  # d\n# e\n", "python"))) == 3


def test_pages_and_data_have_no_language() -> None:
    for name in ("a.md", "a.rst", "a.txt", "a.json", "a.csv", "LICENSE", "a.ipynb", "a.adoc"):
        assert language_of(name) is None
    assert language_of("bin/run", b"#!/usr/bin/env python3") == "python"
    assert language_of("bin/run", b"#!/bin/bash -e") == "shell"
    assert language_of("requirements-dev.txt") == "hash_line"


@pytest.mark.parametrize("language", sorted({*RECIPES, "markup", "yaml"} - {"jsx", "typescript"}))
def test_hostile_files_take_no_more_time_than_their_size(language: str) -> None:
    if language in RECIPES:
        assert lexer(language)  # made before the clock runs
        assert lexer(language, again=True)
    for unit in HOSTILE:
        data = unit * (10_000 // len(unit))
        began = time.process_time()
        list(comments(data, language))
        assert time.process_time() - began < 2.5, unit


def test_a_run_written_by_the_bytes_it_has_is_the_same_run() -> None:
    for negated in (rb"[^\"'#]", rb"[^\s\[{,:\-(]", rb"[^\\\n]", rb"[^\n]", rb"[^\x00-\x20\xff]"):
        for number in range(256):
            data = bytes((number,)) * 2
            plain, told = re.compile(negated + rb"*+"), told_by_what_they_have(negated + rb"*+")
            assert plain.findall(data) == re.findall(told, data)
    assert told_by_what_they_have(rb"\[^ab]++|[^ab]") == rb"\[^ab]++|[^ab]"


def test_a_process_that_has_worked_for_long_parses_as_well_as_a_fresh_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worked = time.thread_time
    monkeypatch.setattr(time, "thread_time", lambda: 86_400 + worked())
    data = b"let a = <p>it's // no</p>; // yes\n"
    spans = comments(data, language_of("a.tsx") or "")
    assert [data[start:end] for start, end in spans] == [b"// yes"]
