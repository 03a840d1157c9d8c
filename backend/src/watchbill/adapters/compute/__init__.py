"""Compute in child processes. Read `pool` first, which gives tenants their turns; then `children`, which
talks to the processes, `forking`, the process that makes them, `serving`, what each of them does, and `jobs`,
what they can do. The last three are loaded by every child, so this module imports nothing."""
