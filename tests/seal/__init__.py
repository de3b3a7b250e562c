"""Seals: bytes, trees, receipts, logs, attacks, the page a customer checks with."""
