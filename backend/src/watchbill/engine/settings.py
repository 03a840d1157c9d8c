"""What an engine may be told: capacities and intervals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """All times in seconds.

    Args:
        owner: unique name of this worker process; its leases carry it.
        capacity: executions it runs at the same time.
        lease_seconds: how long a silent worker keeps its executions.
        heartbeat_seconds: how often leases are extended; a third of the lease or less.
        sweep_seconds: how often work without a hint is looked for.
        trace_seconds: how long trace events (streamed text above all) may wait to be written together.
        park_seconds: an execution that has to wait longer than this is given back meanwhile.
        max_interruptions: after so many workers died on it an execution fails: it seems to kill them.
        documents_seconds: how long a large output waits for documents that are away, before the execution
            is given up to be tried again from the journal.
        max_iterations: of all Maps, Loops and Sub-flows of one execution together.
        max_events: of one execution, those of the trace among them.
        max_output_bytes: that all nodes and iterations of one execution give together, as JSON.
        journal_seconds: how long a commit waits for a database that is away. Its claim may be lost
            meanwhile, so that somebody else goes on; the epoch tells.
        claim_batch: executions taken at a time, so that thousands that wait begin one after another.
    """

    owner: str
    capacity: int = 1000
    lease_seconds: float = 12.0
    heartbeat_seconds: float = 3.0
    sweep_seconds: float = 1.0
    trace_seconds: float = 0.03
    park_seconds: float = 5.0
    documents_seconds: float = 600.0
    journal_seconds: float = 120.0
    claim_batch: int = 50
    max_interruptions: int = 20
    max_iterations: int = 20_000
    max_events: int = 500_000
    max_output_bytes: int = 128 * 1024 * 1024
