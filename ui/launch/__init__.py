"""Choosing candidates, what they will take, and launching them."""
