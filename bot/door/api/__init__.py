"""The REST API (W13): the same journal and policies as GitHub's door.

Nothing of it is imported before the first request that asks for it (`bot.door.lazily`).
"""
