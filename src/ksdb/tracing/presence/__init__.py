"""The presence index: a cache of the visit log in arrays, day by day, for tracing on one machine in milliseconds."""
