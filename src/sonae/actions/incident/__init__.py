"""The verbs of incidents."""
