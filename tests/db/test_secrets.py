"""Secrets of the installation: made once, the same for everybody, until somebody asks for a new one."""

from app.db.secrets import SECRET_BYTES, replace_secret, shared_secret


def test_a_secret_stays_until_it_is_replaced(database_url: str) -> None:
    first, other = shared_secret(database_url, "feeds"), shared_secret(database_url, "installation")
    assert len(first) == SECRET_BYTES
    assert first != other
    assert shared_secret(database_url, "feeds") == first

    replace_secret(database_url, "feeds")

    assert shared_secret(database_url, "feeds") != first
    assert shared_secret(database_url, "installation") == other


def test_replacing_what_nobody_made_is_no_error(database_url: str) -> None:
    replace_secret(database_url, "never made")
