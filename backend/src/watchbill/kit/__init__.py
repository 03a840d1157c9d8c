"""Parts that several features share and none owns. They know tenants, and nothing of what tenants do here.

| what for | package |
|---|---|
| tables, transactions, roles, migrations | database |
| what is due, and who did what | due_work, audit |
| connections elsewhere: what may be reached | outbound |
| how much anybody may have | limits |
| what is sealed, signed or hidden | secrets |
| what comes and goes over HTTP | requests |
| loops, logs, supervision | process |
| what is to be read on a web page | readable |
| one question for many who ask it | asked_once |
| the time | clock |
"""
