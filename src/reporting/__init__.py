"""What people see between runs: the summary, and alerts."""
