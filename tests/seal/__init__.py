"""What outsiders can check: logs, signatures, time-stamps."""
