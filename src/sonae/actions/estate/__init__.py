"""The verbs of the estate of a failed firm."""
