"""The way out of the set-up phase: package hosts, through a proxy that reads along."""
