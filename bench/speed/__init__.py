"""How fast is it beside its peers? Each part runs the project and a peer in turn on the same data and threads."""
