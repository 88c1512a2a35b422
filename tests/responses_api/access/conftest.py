from tests.responses_api.oauth_fixtures import accounts, oauth_secret, signed_in, tls_files

__all__ = ["accounts", "oauth_secret", "signed_in", "tls_files"]
