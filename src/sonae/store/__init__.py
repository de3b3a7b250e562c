"""Records: one schema on SQLite (one file) and PostgreSQL, append-only, exact."""
