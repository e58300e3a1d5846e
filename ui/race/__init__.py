"""A race: who is still in, who was dropped when and why, what it saved and what was risked."""
