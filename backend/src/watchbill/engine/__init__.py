"""The imperative shell that claims executions and runs their plans against ports."""
