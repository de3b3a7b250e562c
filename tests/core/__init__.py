"""The nouns everything else is made of, one by one."""
