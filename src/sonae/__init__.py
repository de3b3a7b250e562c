"""Sonae (備え): the reserve engine of a crypto-asset exchange."""

__version__ = "0.1.0"
