"""What is served over HTTP: a projection of the actions, with no logic of its own."""
