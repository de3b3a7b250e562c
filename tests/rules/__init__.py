"""Law: cases worked by hand, and each rule written a second time from its words."""
