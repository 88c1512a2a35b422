import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from responses_api.access.encryption import SecretUnreadable, decrypt, encrypt, encrypted_anew

SECRET = "canary-5f1d"


def test_it_goes_there_and_back_and_hides() -> None:
    encrypted = encrypt(SECRET)
    assert SECRET.encode() not in encrypted
    assert decrypt(encrypted) == SECRET


def test_the_newest_key_encrypts_and_all_decrypt(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [old]
    encrypted = encrypt(SECRET)
    settings.CREDENTIAL_KEYS = [new, old]
    assert decrypt(encrypted) == SECRET
    assert Fernet(new).decrypt(encrypt(SECRET)).decode() == SECRET
    settings.CREDENTIAL_KEYS = [new]
    with pytest.raises(SecretUnreadable, match="CREDENTIAL_KEYS"):
        decrypt(encrypted)


def test_what_an_old_key_encrypted_is_encrypted_anew_once(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [old]
    encrypted = encrypt(SECRET)
    settings.CREDENTIAL_KEYS = [new, old]
    anew = encrypted_anew(encrypted)
    assert anew is not None
    assert Fernet(new).decrypt(anew).decode() == SECRET
    assert encrypted_anew(anew) is None
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(SecretUnreadable):
        encrypted_anew(anew)
