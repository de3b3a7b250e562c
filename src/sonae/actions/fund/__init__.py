"""The verbs of the reserve fund."""
