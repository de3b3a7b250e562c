"""The pages of the console, one module for each; each names its `router`."""
