"""The gateway's side of an exchange: language server, claims, and what the interceptor sends."""
