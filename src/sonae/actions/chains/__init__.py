"""The verbs of chains, wallets and other venues."""
