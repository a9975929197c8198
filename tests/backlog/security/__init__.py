"""The family of security tickets: ten of them on a small shop, and what becomes of each (B11)."""
