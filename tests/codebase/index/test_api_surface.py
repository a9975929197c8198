"""Doors of a repository: what counts, and whose they are."""

from __future__ import annotations

from bot.codebase.api_surface import api_surface
from bot.codebase.snapshot import Snapshot

FILES = {
    "cmd/get.go": 'package cmd\n\nvar Get = &cobra.Command{\n\tUse:   "get [flags] NAME",\n}\n',
    "cmd/serve.go": 'package cmd\n\nfunc serve() { http.HandleFunc("/health", health) }\n',
    "web/books.js": 'app.route("/book").get(show).post(add);\nrouter.get("/x", one);\n',
    "web/vendor/menu.js": 'app.get("/theirs", show);\n',
    "tests/management/commands/only_a_test.py": "class Command: ...\n",
    "shop/management/commands/restock.py": "class Command: ...\n",
    "schema.graphql": (
        "type Book {\n  title: String\n}\ntype Query {\n  books(\n    first: Int\n  ): [Book]\n"
        "  author(name: String): Author\n}\nextend type Mutation { \n  buy(id: ID!): Order\n}\n"
    ),
}


def test_doors_are_those_of_the_project_itself(repository, store):
    repository.commit(FILES)
    found = api_surface(Snapshot.at(repository.git_dir, "HEAD", store))
    assert [(d.entry.kind, d.entry.name, d.entry.handler, d.path, d.entry.line) for d in found] == [
        ("command", "get", "", "cmd/get.go", 3),
        ("command", "restock", "Command", "shop/management/commands/restock.py", 1),
        ("graphql", "Mutation.buy", "buy", "schema.graphql", 11),
        ("graphql", "Query.author", "author", "schema.graphql", 8),
        ("graphql", "Query.books", "books", "schema.graphql", 5),
        ("route", "* /book", "", "web/books.js", 1),
        ("route", "* /health", "health", "cmd/serve.go", 3),
        ("route", "GET /x", "one", "web/books.js", 2),
    ]
