"""Starts and stops the embedded services and processes."""
