"""Benchmarks on a stack of real processes, with PostgreSQL that syncs to disk and a scripted LLM server."""
