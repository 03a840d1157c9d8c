"""Due work of all tenants: what is to be done, when, for whom; and the loop that does it by kinds.

A new kind of work is a handler and its place in the list that the worker's loop is given.
"""

from watchbill.kit.due_work.kinds import Due, Kind, Leased, Within
from watchbill.kit.due_work.loop import DueWork
from watchbill.kit.due_work.store import drop, drop_all, put, putting, settle

__all__ = ["Due", "DueWork", "Kind", "Leased", "Within", "drop", "drop_all", "put", "putting", "settle"]
