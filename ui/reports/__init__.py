"""What a run gets right and wrong, task by task."""
