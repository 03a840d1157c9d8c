"""CPython as WebAssembly: the tier that needs no installation."""
