"""The database: transactions of one tenant, pools, roles, migrations, and what keeps them apart."""
