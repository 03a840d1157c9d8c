"""Small shared parts that know nothing of the domain."""
