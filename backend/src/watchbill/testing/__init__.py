"""Stand-ins at the far end of the wire and in-memory ports, for tests, benches and the demo provider."""
