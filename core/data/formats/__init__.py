"""One module a file format: each turns a file into columns of text, and says how it read them."""
