"""Levels: calibration, mix, survey."""
