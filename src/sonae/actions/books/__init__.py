"""The verbs of Books."""
