"""Registry: residents and households, and their import."""
