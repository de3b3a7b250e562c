"""Taking over: what an administrator opens, plans, watches and drills."""
