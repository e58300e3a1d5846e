"""An experiment under a budget: all candidates start small, those that cannot win any more are stopped."""
