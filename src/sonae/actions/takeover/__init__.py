"""The verbs of the take-over."""
