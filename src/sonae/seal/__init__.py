"""What outsiders can check: logs, signatures and time-stamps over what was published."""
