"""What runs, how far it is, and what it used."""
