"""The verbs of the console."""
