"""The command line: one command per action."""
