"""Pages of callbacks: who waits to be called back, when, and why not yet."""
