"""What comes in and goes out over HTTP: bodies, fields, answers, and where requests come from."""
