"""Who calls, and what they may do: API keys, tokens of an identity provider, the table of access."""

from service.auth.keys import bearer, digest, new_key, recognise, tenant_id

__all__ = ["bearer", "digest", "new_key", "recognise", "tenant_id"]
