"""The verbs of several firms at once."""
