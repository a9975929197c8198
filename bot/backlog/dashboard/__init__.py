"""The dashboard issue: what it shows, its boxes, and what came of them (B14)."""
