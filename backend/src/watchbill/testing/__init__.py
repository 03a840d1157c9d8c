"""Stand-ins at the far end of the wire, in-memory ports and builders for tests, benches and the demo provider."""
