"""How much somebody may have: at a time, a minute, or before others have their turn."""
