"""Adding, reading, auditing and editing labelled sets."""
