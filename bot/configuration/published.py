"""The JSON Schemas of the configuration files, made of the models that read them (W6).

Promises: what a schema accepts the reader accepts, and the other way round; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from bot.configuration.schema import RepositoryConfig
from bot.configuration.scope_file import ScopeFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODELS: Mapping[str, tuple[type[BaseModel], str]] = {
    "towpath": (RepositoryConfig, ".github/towpath.yml"),
    "automation-scope": (ScopeFile, ".automation-scope.yaml"),
}
NAMES = tuple(_MODELS)


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema called `name` (one of NAMES); KeyError for another."""
    model, file = _MODELS[name]
    return {"$schema": DIALECT, **model.model_json_schema(), "title": file}
