"""The words of command lines: which program does what. Data for `tools`, nothing else. (T1)"""

from __future__ import annotations

from collections.abc import Mapping

# What stands before the command that is meant.
WRAPPERS = frozenset({
    ("env",), ("nice",), ("nohup",), ("time",), ("timeout",), ("stdbuf",), ("xargs",), ("exec",),
    ("command",), ("npx",), ("uvx",), ("bunx",), ("pipx", "run"), ("uv", "run"), ("poetry", "run"),
    ("pipenv", "run"), ("pdm", "run"), ("hatch", "run"), ("npm", "exec"), ("pnpm", "exec"),
    ("pnpm", "dlx"), ("yarn", "exec"), ("yarn", "dlx"), ("bundle", "exec"),
})  # fmt: skip

GIT: Mapping[str, str] = {
    **dict.fromkeys(
        ("status", "diff", "log", "show", "grep", "ls-files", "ls-tree", "blame", "rev-parse",
         "describe", "cat-file", "shortlog", "merge-base", "rev-list", "remote", "fetch", "clone",
         "for-each-ref", "version", "help"),
        "git.read",
    ),
    **dict.fromkeys(
        ("add", "commit", "branch", "checkout", "switch", "restore", "reset", "merge", "stash",
         "tag", "rm", "mv", "cherry-pick", "revert", "apply", "am", "init", "worktree", "pull",
         "clean", "config"),
        "git.write",
    ),
}  # fmt: skip

_PIP = {
    "packages.install": ("install", "download", "wheel"), "packages.remove": ("uninstall",),
    "packages.read": ("list", "show", "freeze", "check", "index", "inspect", "compile", "audit"),
}  # fmt: skip
_NPM = {
    "packages.install": ("install", "i", "add", "ci", "link"),
    "packages.update": ("update", "up", "upgrade", "dedupe"),
    "packages.remove": ("uninstall", "remove", "rm", "un"),
    "packages.read": ("audit", "ls", "list", "view", "outdated", "why", "info", "explain"),
    "test": ("test", "t"),
    "build": ("build", "lint", "format", "start", "pack"),
}
_PROJECT = {
    "packages.install": ("install", "add", "sync"),
    "packages.update": ("update", "lock", "upgrade"),
    "packages.remove": ("remove", "uninstall"),
    "packages.read": ("show", "list", "check", "tree"),
    "build": ("build",),
}  # fmt: skip
# What the verbs of an installer do.
INSTALLERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "pip": _PIP, "pip3": _PIP, "npm": _NPM, "pnpm": _NPM, "yarn": _NPM, "poetry": _PROJECT,
    "pipenv": _PROJECT, "pdm": _PROJECT, "hatch": _PROJECT, "composer": _PROJECT,
    "bundle": _PROJECT, "gem": _PROJECT, "conda": _PROJECT,
    "uv": {**_PROJECT, "packages.install": ("install", "add", "sync", "venv"),
           "packages.read": (*_PIP["packages.read"], "tree", "export")},
    "cargo": {**_PROJECT, "test": ("test", "bench"),
              "build": ("build", "check", "clippy", "fmt", "run", "doc")},
    "go": {"packages.install": ("get", "install"), "packages.update": ("mod",), "test": ("test",),
           "build": ("build", "vet", "fmt", "generate", "run"),
           "packages.read": ("list", "version", "env", "doc")},
}  # fmt: skip

TESTERS = frozenset({
    "pytest", "unittest", "tox", "nox", "jest", "vitest", "mocha", "ava", "phpunit", "rspec",
    "coverage", "doctest", "playwright", "cypress", "karma", "mutmut",
})  # fmt: skip
BUILDERS = frozenset({
    "ruff", "black", "flake8", "mypy", "pyright", "isort", "pylint", "bandit", "semgrep", "make",
    "cmake", "ninja", "tsc", "eslint", "prettier", "webpack", "vite", "rollup", "esbuild", "babel",
    "build", "sphinx-build", "mkdocs", "gcc", "g++", "clang", "rustc", "javac", "mvn", "gradle",
    "compileall", "gofmt", "rustfmt", "stylelint", "diff-cover",
})  # fmt: skip
INTERPRETERS = frozenset({
    "python", "python3", "node", "deno", "bun", "ruby", "perl", "php", "true", "false", "sleep",
    "timeit", "cProfile", "json.tool",
})  # fmt: skip
CLIENTS: Mapping[str, str] = {
    **dict.fromkeys(("psql", "mysql", "mariadb", "sqlite3", "mongosh", "redis-cli"), "database"),
    **dict.fromkeys(
        ("curl", "wget", "http", "https", "httpie", "nc", "ssh", "scp", "rsync"), "http"
    ),
}
# (program, subcommand …)
MIGRATIONS = frozenset({
    ("alembic", "upgrade"), ("alembic", "downgrade"), ("alembic", "stamp"), ("flask", "db"),
    ("prisma", "migrate"), ("prisma", "db"), ("knex", "migrate:latest"), ("goose", "up"),
    ("knex", "migrate:rollback"), ("sequelize", "db:migrate"), ("typeorm", "migration:run"),
    ("drizzle-kit", "push"), ("drizzle-kit", "migrate"), ("flyway", "migrate"),
    ("diesel", "migration"), ("liquibase", "update"), ("migrate", "up"), ("sqlx", "migrate"),
    ("dbmate", "up"),
    ("aerich", "upgrade"), ("yoyo", "apply"), ("dropdb",), ("createdb",), ("pg_restore",),
})  # fmt: skip
FILES: Mapping[str, str] = {
    **dict.fromkeys(
        ("cat", "head", "tail", "ls", "find", "grep", "rg", "wc", "diff", "stat", "file", "tree",
         "sort", "uniq", "cut", "awk", "echo", "printf", "pwd", "cd", "which", "test", "jq", "du"),
        "files.read",
    ),
    **dict.fromkeys(
        ("touch", "mkdir", "cp", "mv", "sed", "tee", "chmod", "ln", "patch", "tar", "unzip"),
        "files.write",
    ),
    **dict.fromkeys(("rm", "rmdir", "unlink", "shred", "truncate"), "files.delete"),
}  # fmt: skip
