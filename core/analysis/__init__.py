"""Pure functions over stored predictions and usage. Nothing here reads a file or runs a model."""
