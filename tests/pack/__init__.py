"""Resolution packs: made, opened by others with standard tools, broken in every way and refused."""
