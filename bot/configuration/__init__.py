"""What a repository says about itself in its own files (W6, P2)."""
