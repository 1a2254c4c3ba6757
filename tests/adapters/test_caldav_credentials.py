"""What the operator lists for CalDAV servers: read leniently, refused in one sentence that gives nothing away."""

import pytest

from app.adapters.caldav_credentials import load_credentials
from app.errors import ConfigurationError


def test_lines_are_url_user_and_the_rest() -> None:
    text = "# ours\nhttps://host/dav/ dana  pass word \n\r\n  http://127.0.0.1:5232 lee x:y\nhttp://[::1]/ sam z"
    assert load_credentials(text) == (
        ("https://host/dav/", "dana", "pass word"),
        ("http://127.0.0.1:5232", "lee", "x:y"),
        ("http://[::1]/", "sam", "z"),
    )
    assert load_credentials("\n# none yet\n") == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("https://host/ hunter2", "line 1 is not a URL, a user and a password"),
        ("\nhttps://host/ da:na hunter2", "line 2 is not a URL, a user and a password"),
        ("https://host/ dana hunter\x002", "line 1 is not a URL, a user and a password"),
        ("host dana hunter2", "line 1 begins with no plain URL"),
        ("caldav://host dana hunter2", "line 1 begins with no plain URL"),
        ("https://dana:hunter2@host/ dana hunter2", "line 1 begins with no plain URL"),
        ("https://host:x/ dana hunter2", "line 1 begins with no plain URL"),
        ("https://host/?a dana hunter2", "line 1 begins with no plain URL"),
        ("http://host/ dana hunter2", "line 1 would send a password unencrypted"),
        ("http://127.0.0.1.example.com/ dana hunter2", "line 1 would send a password unencrypted"),
        ("https://host/ dana a\nhttps://host lee hunter2", "line 2 has a URL that another line has already"),
    ],
)
def test_a_wrong_line_is_one_sentence_without_the_secret(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_credentials(text)
    assert str(refused.value).startswith(f"READBACK_CALDAV_CREDENTIALS {problem}; it must be ")
    assert "hunter" not in str(refused.value)
    assert "\n" not in str(refused.value)
