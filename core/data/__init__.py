"""Labelled sets: reading files, splitting, auditing and keeping immutable versions."""
