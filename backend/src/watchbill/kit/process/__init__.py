"""What every process of ours has: its loop, logs, tasks under supervision, and resources."""
