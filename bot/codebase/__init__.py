"""Codebase intelligence: what a repository holds and where a change belongs (C1-C6, X4).

Promises: everything is derived from git blobs and keyed by their ids, so branches and worktrees
share it; the same commit gives the same answers in any process. Never: calls a model or the
network, runs code of the repository, or believes a damaged cache.
"""
