"""The day, pure: reconcile, value, require, cover."""
