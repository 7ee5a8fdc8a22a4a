"""Places: divisions (the administrative tree, dated) and scan points."""
