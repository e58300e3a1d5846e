"""The verbs of the command line, a module an area; `cli.py` puts them together."""
