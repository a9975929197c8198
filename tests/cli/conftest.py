"""The markers of the suite, also where pytest was not started by `towpath test`."""

from bot.cli.test_suite import pytest_configure

__all__ = ["pytest_configure"]
