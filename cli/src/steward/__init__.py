"""`steward`: the operator's command. It speaks HTTP to the Worker, and shares no code with it."""

__version__ = "0.1.0"
