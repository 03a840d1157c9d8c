"""Node types: one module per type with its spec and its execute function."""
