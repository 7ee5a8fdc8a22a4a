"""Pages of the residents, by what they are for."""
