"""A firm's own files into Books: forms declared in one mapping, nothing guessed or dropped."""
