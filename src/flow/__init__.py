"""A pass as one durable flow: an instance of the Workflow, whose steps are slices."""
