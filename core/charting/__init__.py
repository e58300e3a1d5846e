"""What charts on pages and in documents share: looks, scales, places of labels."""
