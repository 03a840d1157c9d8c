"""The flow language: the definition users write and the plan it compiles to."""
