"""Other engines, to compare with: each runs by itself in a virtual environment that has nothing of ours."""
