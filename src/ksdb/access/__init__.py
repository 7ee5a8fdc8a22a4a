"""Access: staff accounts, roles, grants; fills request.scope."""
