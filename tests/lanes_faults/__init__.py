"""The lanes of a backlog under random faults: what is lost, doubled or left in the middle (B6)."""
