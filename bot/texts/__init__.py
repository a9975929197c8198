"""Every sentence that Towpath says to people, and nothing else says any.

Promises: pure functions from facts to Markdown; untrusted words are quoted through `words`, so that
they can neither command nor break the page; no sentence of ours parses as a command (a test).
"""
