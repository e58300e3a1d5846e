"""Learning curves, labels to a goal, prompts asked in several ways."""
