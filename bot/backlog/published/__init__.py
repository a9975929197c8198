"""The backlog's own file in a repository, and what people change in it (B14)."""
