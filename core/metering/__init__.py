"""What a phase of a run used, how sure that is, and what it costs."""
