"""Cards: issue, activate, revoke; keys; print sheets."""
