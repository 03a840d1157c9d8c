"""SQL of executions. Each call is part of a transaction that sees one tenant."""
