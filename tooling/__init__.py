"""What makes the real runtime run on a machine that reaches only package registries."""
