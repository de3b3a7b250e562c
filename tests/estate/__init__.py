"""A firm that failed: taking over, and what is shared, with whom, in which order."""
