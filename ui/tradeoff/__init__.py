"""Quality against what it takes."""
