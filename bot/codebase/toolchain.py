"""What a project is built with: its package manager, frameworks and test runner.

Promises: what a file says outright, with that file as evidence; the project itself is not counted
among the frameworks that it uses.
"""

from __future__ import annotations

import re

from bot.codebase.manifests import Manifests
from bot.codebase.profile import Found

PACKAGE_MANAGERS = (  # a lock file says more than a manifest, so it comes first
    ("uv.lock", "uv"), ("poetry.lock", "poetry"), ("pdm.lock", "pdm"), ("Pipfile", "pipenv"),
    ("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun"),
    ("package-lock.json", "npm"), ("pyproject.toml", "pip"), ("setup.py", "pip"),
    ("setup.cfg", "pip"), ("requirements.txt", "pip"), ("package.json", "npm"),
    ("go.mod", "go modules"), ("Cargo.toml", "cargo"), ("pom.xml", "maven"),
    ("build.gradle", "gradle"), ("build.gradle.kts", "gradle"), ("Gemfile", "bundler"),
    ("CMakeLists.txt", "cmake"), ("Makefile", "make"),
)  # fmt: skip
_ECOSYSTEM = {
    "python": {"uv", "poetry", "pdm", "pipenv", "pip"},
    "javascript": {"pnpm", "yarn", "bun", "npm"},
    "typescript": {"pnpm", "yarn", "bun", "npm"},
    "go": {"go modules"},
    "rust": {"cargo"},
    "java": {"maven", "gradle"},
    "c": {"cmake", "make"},
    "cpp": {"cmake", "make"},
}
_FRAMEWORK_NAMES = """
django flask fastapi starlette aiohttp tornado sanic bottle pyramid scrapy celery click typer
sqlalchemy pydantic numpy pandas torch tensorflow next react vue svelte angular @angular/core
express fastify koa @nestjs/core probot electron gin-gonic/gin labstack/echo gofiber/fiber
go-chi/chi spf13/cobra actix-web axum rocket tokio clap serde spring-boot quarkus micronaut
"""
_FRAMEWORKS = tuple(_FRAMEWORK_NAMES.split())
_TEST_FRAMEWORKS = (
    "pytest", "nose2", "jest", "vitest", "mocha", "ava", "playwright", "stretchr/testify",
    "onsi/ginkgo", "junit-jupiter", "junit", "googletest", "catch2",
)  # fmt: skip
_IMPORTS_PYTEST = re.compile(r"^(import pytest\b|from pytest\b)", re.MULTILINE)
_TESTS_READ = 40
_BUILT_IN_TESTS = {"python": "unittest", "go": "go test", "rust": "cargo test"}


def package_manager(manifests: Manifests, language: str) -> Found | None:
    """What installs the dependencies of the main language."""
    fits = _ECOSYSTEM.get(language)
    declared = manifests.package_json.get("packageManager")
    if isinstance(declared, str) and fits and "npm" in fits:
        return Found(declared.partition("@")[0][:20], evidence=("package.json",))
    if fits and "pip" in fits and manifests.tool("poetry"):
        return Found("poetry", evidence=("pyproject.toml",))
    for path, name in PACKAGE_MANAGERS:
        if path in manifests.known and (not fits or name in fits):
            return Found(name, evidence=(path,))
    return None


def frameworks(manifests: Manifests) -> tuple[Found, ...]:
    """The well-known libraries that a project is built on."""
    declared, own = manifests.declared, manifests.own_name
    return tuple(
        Found(name, evidence=(declared[name],))
        for name in _FRAMEWORKS
        if name in declared and name != own
    )


def test_framework(manifests: Manifests, language: str) -> Found | None:
    """What runs the tests, by configuration, then by dependency, then what the language brings."""
    own = manifests.own_name
    if own == "pytest" or "pytest.ini" in manifests.known or manifests.tool("pytest"):
        return Found(
            "pytest",
            evidence=("pytest.ini" if "pytest.ini" in manifests.known else "pyproject.toml",),
        )
    declared = manifests.declared
    for name in _TEST_FRAMEWORKS:
        if name in declared:
            return Found(name, evidence=(declared[name],))
    scripts = manifests.package_json.get("scripts")
    if isinstance(scripts, dict) and "node --test" in str(scripts.get("test", "")):
        return Found("node --test", evidence=("package.json",))
    usual = _BUILT_IN_TESTS.get(language)
    tests = sorted(p for p in manifests.known if re.search(r"(^|/)(test_\w+\.py|\w+_test\.go)$", p))
    # Many declare it nowhere but in a settings file of another tool.
    read = tests[:_TESTS_READ] if language == "python" else ()
    if using := next((p for p in read if _IMPORTS_PYTEST.search(manifests.text(p))), None):
        return Found("pytest", evidence=(using,))
    return Found(usual, confidence=0.6, evidence=tuple(tests[:1])) if usual and tests else None


test_framework.__test__ = False  # type: ignore[attr-defined]
