"""What a run will take, and whether its model fits, before anything is downloaded."""
