"""Chains: what the venue's own nodes answer at one block, and proof of control over wallets."""
