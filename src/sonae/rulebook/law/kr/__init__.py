"""Korea."""
