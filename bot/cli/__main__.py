"""`python -m bot.cli` is `towpath`."""

from bot.cli import main

main(prog_name="towpath")
