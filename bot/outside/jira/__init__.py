"""Jira Cloud and Data Center over HTTP (B8): reads, and effects that are looked for first."""
