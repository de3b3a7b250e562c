"""The verbs of the guard."""
