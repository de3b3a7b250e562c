"""Between closes: the guard before a credit, the comparison of a minute, breaks and owners."""
