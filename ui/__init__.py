"""What pages are made of: charts, forms, cards, messages, and what they read."""
