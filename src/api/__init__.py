"""HTTP: routes, authentication, request validation, and errors as problem+json (RFC 9457)."""
