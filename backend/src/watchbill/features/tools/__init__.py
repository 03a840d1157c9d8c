"""Tools of a tenant: keeping them, trying them out, and calling them on a worker."""
