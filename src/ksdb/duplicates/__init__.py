"""Records of the registry that may be of one person: found and explained, looked at, merged or told apart."""
