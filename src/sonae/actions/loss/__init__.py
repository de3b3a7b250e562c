"""The verbs of losses."""
