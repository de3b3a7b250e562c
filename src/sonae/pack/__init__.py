"""The resolution pack: one encrypted, signed file with everything that is needed without the firm.

Paths, keys and days are passed in; nothing here reads a clock, an environment or a network.
"""
