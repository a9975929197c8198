"""Hostile contributors, careless maintainers and a flaky GitHub."""
