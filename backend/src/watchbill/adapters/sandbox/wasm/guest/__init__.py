"""What is built into the interpreter. Of it, Watchbill itself reads only `offered`."""
