"""The verbs of the demos."""
