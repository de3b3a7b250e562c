"""The topics of law, one .toml beside one .py each."""
