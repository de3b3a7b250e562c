"""The verbs of claims of customers."""
