"""How targets stand in a file: one module a form, each turns a row's cells into a target or says what is wrong."""
