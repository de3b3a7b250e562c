"""Dubai, Singapore, Turkey, the United States and the United Kingdom; comparison.toml for more."""
