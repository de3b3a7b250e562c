"""The verbs of levels of a reserve."""
