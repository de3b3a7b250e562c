"""Losses that may happen: engines, measures and prices. Floats live here and nowhere else."""
