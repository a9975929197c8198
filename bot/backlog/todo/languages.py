"""Which language's comments a file has, told by its name or its first line.

Promises: judged from the path, and the first line of a file that has no ending; documentation pages
and data without comments have no language, so that nothing in them becomes an issue. Never: reads a
file.
"""

from __future__ import annotations

import re

_ENDINGS = {
    "python": "py pyi pyw pyx pxd pxi bzl star gyp gypi sage",
    "javascript": "js mjs cjs es6",
    "jsx": "jsx",
    "typescript": "ts mts cts",
    "tsx": "tsx",
    "go": "go",
    "rust": "rs",
    "java": "java",
    "c": "c h cc cpp cxx c++ hh hpp hxx h++ inl ipp tpp m mm cu cuh ino idl",
    "plain_c": "proto glsl vert frag comp hlsl thrift v sv svh sol zig cup d",
    "csharp": "cs csx",
    "kotlin": "kt kts swift scala sbt sc",
    "groovy": "groovy gradle dart",
    "php": "php php3 phtml",
    "ruby": "rb rake gemspec ru podspec jbuilder cr",
    "perl": "pl pm t",
    "shell": "sh bash zsh ksh bats ash command ebuild fish env zsh-theme",
    "yaml": "yml yaml",
    "toml": "toml",
    "hash": "r jl nix tcl awk graphql gql cmake conf mk mak ex exs coffee gd nim",
    "hash_line": "properties cfg ini editorconfig gitignore feature po pot dockerfile robot",
    "hcl": "tf tfvars hcl",
    "sql": "sql psql ddl pgsql",
    "css": "css",
    "scss": "scss less sass styl",
    "markup": "html htm xhtml xml svg vue svelte astro xaml xsl xslt xsd csproj props targets plist"
    " jinja jinja2 j2 twig hbs handlebars mustache erb ejs eex heex leex cshtml razor liquid njk"
    " jsp ftl storyboard xib resx",
    "lua": "lua",
    "haskell": "hs elm purs lhs",
    "lisp": "clj cljs cljc edn el lisp scm rkt",
    "percent": "erl hrl tex sty cls matlab",
    "powershell": "ps1 psm1 psd1",
    "ml": "ml mli fs fsi fsx",
    "jsonc": "jsonc json5",
    "batch": "bat cmd",
    "jsonnet": "jsonnet libsonnet",
}  # fmt: skip
_BY_ENDING = {end: language for language, ends in _ENDINGS.items() for end in ends.split()}
_BY_NAME = {
    "makefile": "hash", "gnumakefile": "hash", "cmakelists.txt": "hash", "dockerfile": "hash_line",
    "containerfile": "hash_line", "rakefile": "ruby", "gemfile": "ruby", "vagrantfile": "ruby",
    "fastfile": "ruby", "podfile": "ruby", "brewfile": "ruby", "guardfile": "ruby",
    "capfile": "ruby", "jenkinsfile": "groovy", "procfile": "hash_line", "justfile": "hash",
    "sconstruct": "python", "sconscript": "python", "build": "python", "workspace": "python",
    "tiltfile": "python", "codeowners": "hash_line", ".gitattributes": "hash_line",
    ".dockerignore": "hash_line", ".bashrc": "shell", ".profile": "shell", ".zshrc": "shell",
    ".envrc": "shell", ".npmrc": "hash_line", ".babelrc": "jsonc", "go.mod": "go",
    "tsconfig.json": "jsonc", ".eslintrc.json": "jsonc", "pkgbuild": "shell",
    ".flake8": "hash_line", ".pylintrc": "hash_line", ".coveragerc": "hash_line",
}  # fmt: skip
_TEMPLATE_OF = re.compile(r"\.(?:in|tmpl|tpl|template|example|sample|dist)$")
_NUMBERED = re.compile(r"\bdockerfile\b|^requirements[^/]*\.txt$|^constraints[^/]*\.txt$")
_INTERPRETERS = (
    (re.compile(rb"python|pypy"), "python"),
    (re.compile(rb"node|deno|bun"), "javascript"),
    (re.compile(rb"ruby"), "ruby"),
    (re.compile(rb"perl"), "perl"),
    (re.compile(rb"(?:ba|z|k|da|a|fi)?sh\b"), "shell"),
    (re.compile(rb"php"), "php"),
    (re.compile(rb"lua"), "lua"),
)  # fmt: skip
_SIGNED = re.compile(rb"#!|#(?:compdef|autoload)\b|[^\n]*-\*-[^\n]*-\*-|[^\n]*\bvim?:")


def language_of(path: str, first_line: bytes = b"") -> str | None:
    """The family of comment syntax of a file; None where nothing in it is a comment for us."""
    name = path.rpartition("/")[2].lower()
    plain = _TEMPLATE_OF.sub("", name)
    if known := _BY_NAME.get(name) or _BY_NAME.get(plain):
        return known
    stem, dot, ending = plain.rpartition(".")
    if dot and ending in _BY_ENDING:
        return _BY_ENDING[ending]
    if _NUMBERED.search(name):
        return "hash_line"
    if stem in _BY_NAME and ending.isalnum() and stem in ("makefile", "dockerfile"):
        return _BY_NAME[stem]
    if "." not in plain.lstrip(".") and _SIGNED.match(first_line):
        if first_line.startswith((b"#compdef", b"#autoload")):  # what zsh completes a command with
            return "shell"
        said = first_line.lower()
        return next((one for sign, one in _INTERPRETERS if sign.search(said)), None)
    return None


def is_readable(path: str) -> bool:
    """Whether a file of that name may have a language, whatever is in it."""
    name = path.rpartition("/")[2].lower()
    return "." not in _TEMPLATE_OF.sub("", name).lstrip(".") or language_of(path) is not None
