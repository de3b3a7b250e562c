"""The state of the code and of the shipped data, as tests."""
