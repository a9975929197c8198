"""The kinds of stories that need no model (S19): a dependency bump, an automatic fix.

Promises: found in a story's text and files, planned and judged by rules alone; a family that is not
sure asks, and leaves what is not its own to others.
"""
