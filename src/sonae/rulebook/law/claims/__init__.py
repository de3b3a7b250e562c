"""Valuing a customer's claim: methods that were used, not provisions of a statute."""
