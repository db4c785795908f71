"""What events do to the state: the only code that changes a canonical array, and it never decides."""
