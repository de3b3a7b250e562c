"""The verbs of the resolution pack."""
