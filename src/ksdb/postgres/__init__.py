"""PostgreSQL below every room: the embedded server, connections, named queries, and COPY."""
