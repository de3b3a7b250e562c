"""Insurance: terms as given, and exact evaluation of one event at a time."""
