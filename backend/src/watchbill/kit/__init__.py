"""Small shared parts that know nothing of the domain.

| what for | modules |
|---|---|
| the database | db, driver, pool, tables, roles, locks, paging, faults, setbacks, waits |
| what is due | due_work |
| who did what | audit |
| its versions | migrations, revisions, upgrading |
| connections elsewhere | outbound, connector, interim, gate, ssrf, special_use, lookups, own_services, dns |
| how much anybody may do | rates, attempt_counts, own_counts, patience, places, turns, origins |
| secrets and signatures | crypto, key_rotation, strength, passwords, signatures, signed_tokens |
| what may be shown or logged | masking, secret_looks, logs, tracebacks, terminal, seldom |
| what people send and get | inputs, bodies, answers, text, charsets, addresses, urls, safe_path |
| a process | loops, late, fair_reading, supervision, garbage_collection, open_files, resources, free_port |
| time | clock |
| once for many | asking |
"""
