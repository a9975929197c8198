"""Pages for people."""

from bot.localhub.calls import Answer


def add_pages(app, hub): ...
def front_page(call):
    return Answer(200, b"hub", media="text/html")
