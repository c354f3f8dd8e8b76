"""What every piece of work shares: its record, the lease, the pause, and what it may cost."""
