"""What an administrator does first: sweep, checklist, watch, drill. Pure: no clock, no files."""
