"""European Union."""
