"""Views of a close for people: the same figures in Japanese and English."""
