"""What is spent, and what a month will cost."""
