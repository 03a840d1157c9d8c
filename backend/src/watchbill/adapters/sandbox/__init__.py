"""Where programs of tenants run: a module for each tier."""
