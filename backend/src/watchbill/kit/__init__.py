"""Small shared parts that know nothing of the domain.

| what for | modules |
|---|---|
| the database | db, pool, tables, roles, locks, paging, faults, setbacks, waits |
| its versions | migrations, revisions, upgrading |
| connections elsewhere | outbound, connector, interim, gate, ssrf, special_use, lookups, own_services, dns |
| how much anybody may do | rates, attempts, patience, places, turns, origins |
| secrets and signatures | crypto, sealing, strength, passwords, signatures, signed_tokens |
| what may be shown or logged | masking, secret_looks, logs, tracebacks, terminal, seldom |
| what people send and get | inputs, bodies, answers, text, charsets, addresses, urls, safe_path |
| a process | loops, fair_reading, supervision, garbage, open_files, resources, clock, asking, free_port |
"""
