"""What finished runs say, read from their folders: rows, decisions, comparisons, cascades, curves, costs."""
