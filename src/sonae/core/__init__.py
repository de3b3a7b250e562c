"""The nouns everything else is made of: no I/O, no clock, no third-party import."""
