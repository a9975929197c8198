"""Numbers that options of the command line take."""

from __future__ import annotations

from typing import Any

import click


class Quantity(click.FloatRange):
    """A number within limits. `nan` is none, though it is neither below nor above any limit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; a usage error where there is none."""
        found = super().convert(value, param, ctx)
        if found != found:
            self.fail(f"{value!r} is not a valid float.", param, ctx)
        return found
