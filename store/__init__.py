"""The index: a DuckDB file built from run folders and dataset versions. It may be deleted at any time."""
