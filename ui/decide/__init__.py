"""The question, its answer, and the record of it."""
