"""The verbs of prices."""
