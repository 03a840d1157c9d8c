"""The ways out of a process: which addresses may be reached, and nothing else being reached."""
