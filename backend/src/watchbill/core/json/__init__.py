"""JSON kept exactly: reading, measuring, cleaning and writing it as it was."""
