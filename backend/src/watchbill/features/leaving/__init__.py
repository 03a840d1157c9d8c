"""What becomes of a member's work when they are removed. `routes` is the way in, `service` decides what goes
on and what stops, `queries` finds it."""
