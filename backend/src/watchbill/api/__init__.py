"""FastAPI assembly."""
