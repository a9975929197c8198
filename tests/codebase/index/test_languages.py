"""Facts of each language."""

from __future__ import annotations

import time

import pytest

from bot.codebase import languages
from bot.codebase.facts import ApiEntry, FileFacts, Import
from bot.codebase.languages import facts, language_of
from bot.codebase.languages.apart import Apart

TYPESCRIPT = b"""import D, {a as b, type C} from "./x";
export * from "./z";
/** Says hello. */
export class Foo<T> extends Bar {
  async run(a: string): Promise<void> { return this.it("run"); }
  handler = () => { /* run */ }
}
export interface I { a(): void }
export const f = async (x: number) => x;
const c = require("./cc");
app.get("/users/:id", auth, show);
@Controller("a")
class K {
  @Get(":id")
  find() {}
}
"""
GO = b"""package p
import foo "github.com/x/y"
// Server serves.
type Server struct { a int }
// Run runs.
func (s *Server) Run(a int) error { return foo.Do("Run") }
func (l List[T]) len() int { return 0 }
"""
RUST = b"""mod foo;
use crate::a::{b, c::d};
/// A thing.
pub struct S<'a> { x: &'a str }
impl<'a> S<'a> { pub fn new() -> Self { todo!() } }
trait T { fn a(&self); }
#[get("/x")]
async fn idx() {}
"""
JAVA = b"""package a.b;
import c.d.E;
import q.*;
/** Doc. */
@RestController
public class Foo {
  @GetMapping("/u")
  public int run(int a) { return 1; }
  enum Q { A }
}
"""
CPP = b"""#include "x.h"
#include <vector>
namespace n { class A { public: int m() { return 1; } }; }
int n::A::k(int x) { return x; }
"""


def named(found: FileFacts) -> list[tuple[str, str, int, int]]:
    return [(one.qualname, one.kind, one.start, one.end) for one in found.definitions]


def test_typescript_gives_definitions_imports_exports_and_routes() -> None:
    found = facts("src/a.ts", TYPESCRIPT)
    assert named(found) == [
        ("Foo", "class", 4, 7),
        ("Foo.run", "method", 5, 5),
        ("Foo.handler", "method", 6, 6),
        ("I", "interface", 8, 8),
        ("f", "function", 9, 9),
        ("K", "class", 13, 16),
        ("K.find", "method", 15, 15),
    ]
    assert found.definitions[0].doc == "Says hello."
    assert found.definitions[1].signature == "async run(a: string): Promise<void>"
    assert found.imports == (
        Import("./x", ("default", "a", "C"), 0, 1),
        Import("./z", ("*",), 0, 2),
        Import("./cc", (), 0, 10),
    )
    assert found.exports == ("Foo", "I", "f")
    assert found.references["run"] == 1  # neither the string nor the comment
    assert [(one.name, one.handler) for one in found.api] == [
        ("GET /users/:id", "show"),
        ("GET /:id", "find"),
    ]


def test_go_methods_carry_their_receiver() -> None:
    found = facts("a.go", GO)
    assert named(found) == [
        ("Server", "struct", 4, 4),
        ("Server.Run", "method", 6, 6),
        ("List.len", "method", 7, 7),
    ]
    assert found.definitions[1].doc == "Run runs."
    assert found.imports == (Import("github.com/x/y", (), 0, 2),)
    assert found.exports == ("Run", "Server")


def test_rust_methods_belong_to_the_type_of_their_impl() -> None:
    found = facts("a.rs", RUST)
    assert [name for name, *_ in named(found)] == ["S", "S.new", "T", "T.a", "idx"]
    assert found.imports == (
        Import("self::foo", (), 0, 1),
        Import("crate::a", ("b",), 0, 2),
        Import("crate::a::c", ("d",), 0, 2),
    )
    assert found.api == (ApiEntry("route", "GET /x", "idx", 7),)


def test_java_definitions_begin_behind_their_annotations() -> None:
    found = facts("Foo.java", JAVA)
    assert named(found) == [
        ("Foo", "class", 6, 10),
        ("Foo.run", "method", 8, 8),
        ("Foo.Q", "enum", 9, 9),
    ]
    assert [(one.module, one.names) for one in found.imports] == [
        ("a.b", ("package",)), ("c.d.E", ()), ("q", ("*",))
    ]  # fmt: skip
    assert found.api == (ApiEntry("route", "GET /u", "Foo.run", 7),)


def test_a_header_says_by_its_content_that_it_is_cpp() -> None:
    found = facts("a.h", CPP)
    assert [name for name, *_ in named(found)] == ["n", "n.A", "n.A.m", "n.A.k"]
    assert found.imports == (Import("x.h", (), 1, 1), Import("vector", (), 0, 2))


@pytest.mark.parametrize(
    ("path", "blob", "later"),
    [
        ("a.ts", b"function one() { if ( }\n\nexport class Two { run() {} }\n", "Two"),
        ("a.go", b"package p\nfunc one() { x := ) }\n\nfunc Two() {}\n", "Two"),
        ("a.rs", b"fn one( {\n}\nstruct Two {}\n", "Two"),
        ("A.java", b"class One { int x = ; void two() {} }\n", "two"),
        ("a.c", b"int one(void) { return ); }\nint two(void) { return 0; }\n", "two"),
    ],
)
def test_a_broken_file_gives_what_comes_after_the_break(path: str, blob: bytes, later: str) -> None:
    assert later in [one.name for one in facts(path, blob).definitions]


PYTHON = b'''
from . import sibling, (
    other)
from ..up import a as b, c  # and not d
import os.path as p, sys; x = 1
if TYPE_CHECKING:
    from pkg.types import (  # a comment, with a comma
        One,
        Two as Three,
    )
"""
import not_this
"""
plugin = importlib.import_module("pkg.plugins.x")
__all__ = ["f", "LIMIT"]
LIMIT = 3

def f(a: int = (1), *, b="):") -> dict[str, int]:
    # 'not a docstring'
    """

    Says so.
    """
    return hidden("hidden")  # hidden
'''


def test_python_imports_are_read_from_code_only() -> None:
    blob = PYTHON.replace(
        b"from . import sibling, (\n    other)", b"from . import (sibling,\n other)"
    )
    found = facts("a.py", blob)
    assert [(one.module, one.names, one.level) for one in found.imports] == [
        ("", ("sibling", "other"), 1),
        ("up", ("a", "c"), 2),
        ("os.path", (), 0),
        ("sys", (), 0),
        ("pkg.types", ("One", "Two"), 0),
        ("pkg.plugins.x", (), 0),
    ]
    assert found.exports == ("LIMIT", "f")
    assert found.references["hidden"] == 1
    (one,) = found.definitions
    assert one.signature == 'def f(a: int = (1), *, b="):") -> dict[str, int]'
    assert one.doc == "Says so."


def test_python_doors_are_found_and_patches_are_not_routes() -> None:
    blob = b"""
@app.route("/users", methods=["GET", "POST"])
def users(): ...
@router.get("/items/{id}")
async def item(): ...
@mock.patch("pkg.thing")
def test_it(): ...
@cli.command("sync-all")
def sync(): ...
@click.command()
@click.option("--x")
def do_it(): ...
urlpatterns = [path("blog/<int:id>/", views.detail, name="d"), path("x/", include("y"))]
@receiver(post_save)
def saved(): ...
sub.add_parser("init")
"""
    assert [(one.kind, one.name, one.handler) for one in facts("a.py", blob).api] == [
        ("route", "GET /users", "users"),
        ("route", "POST /users", "users"),
        ("route", "GET /items/{id}", "item"),
        ("command", "sync-all", "sync"),
        ("command", "do-it", "do_it"),
        ("event", "post_save", "saved"),
        ("route", "* /blog/<int:id>/", "views.detail"),
        ("command", "init", ""),
    ]


def test_what_no_person_wrote_has_no_facts() -> None:
    assert facts("a.py", b"def a(): pass\n\0").definitions == ()
    assert facts("a.js", b"function a(){};" * 5_000).definitions == ()
    assert facts("a.py", b"def a(): pass\n" * 200_000).definitions == ()
    assert language_of("x.min.js") is None
    assert language_of("README") is None


def test_a_glob_in_a_template_hides_nothing_behind_it():
    blob = b"""const found = glob(`${dir}/src/* ${deep(`a/*${deeper}`)} text`)
const pattern = /["`]/
export function after() { return called() }
"""
    found = languages.facts("a.ts", blob)
    assert [one.name for one in found.definitions] == ["after"]
    assert {"dir", "deep", "deeper", "called"} <= found.references.keys()
    assert "text" not in found.references
    assert languages.lines_with("typescript", blob, ["deeper", "text", "called"]) == [1, 3]


def test_a_comment_that_is_not_closed_hides_nothing_either():
    found = languages.facts("a.go", b"package a\n/* one */ func F() { gg() }\nvar xx = a /* b\n")
    assert {"gg", "xx"} <= found.references.keys()
    assert "one" not in found.references


@pytest.mark.parametrize("piece", [b'def f(a="(\n', b'__all__ = ["a",\n', b"def f(\n", b"/* /*\n"])
def test_broken_code_is_read_in_time_that_grows_with_its_length(piece):
    begun = time.process_time()
    for language in ("python", "rust"):
        languages.read(language, piece * (60_000 // len(piece)))
    assert time.process_time() - begun < 6  # a quadratic reader needs minutes


def test_a_file_made_to_be_slow_has_no_facts_and_holds_up_nobody():
    apart = Apart(cpu_seconds=0.5)
    assert apart.facts("typescript", b"((((\n" * 60_000) == FileFacts()  # by itself: minutes
    assert apart.facts("python", b"def b(): pass\n").definitions[0].name == "b"


def test_a_large_file_is_read_the_same_apart_as_here():
    blob = b"".join(
        b"def name_%d(a, b):\n    '''Doc.'''\n    return a\n\n" % n for n in range(2_000)
    )
    assert languages.facts("a.py", blob) == languages.read("python", blob)
    assert len(languages.facts("a.py", blob).definitions) == 2_000


def test_a_reader_that_died_is_replaced():
    apart = Apart()
    assert apart.facts("python", b"def a(): pass\n").definitions[0].name == "a"
    apart._process.kill()
    apart._process.wait()
    assert apart.facts("python", b"def b(): pass\n").definitions[0].name == "b"
