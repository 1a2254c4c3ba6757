"""Secrets in records: never in clear in what is kept, the same seal for the same secret, opened only when met."""

import orjson
import pytest

from app.provisioning.sealing import SealedError, Sealer

RECORD = {
    "name": "Front desk",
    "server": {"url": "https://host/vapi", "secret": "hush-1", "headers": {"Authorization": "Bearer hush-2"}},
    "twilioAuthToken": "hush-3",
    "credentials": [{"provider": "x", "apiKey": "hush-4", "secretKey": "hush-5"}],
    "parameters": [{"key": "api_key", "value": "hush-6"}, {"key": "call_id", "value": "{{ call.id }}"}],
    "webhook": "https://user:hush-7@host/path",
    "lookup": {"url": "https://host/path?v=2&api_key=hush-8", "signed": "https://host/path?sig=hush-9"},
    "storage": [{"awsAccessKeyId": "plain", "awsSecretAccessKey": "hush-10", "signingKey": "hush-11"}],
    "metadata": {"pin": "hush-12", "door_pin": 4711, "publicKey": "plain", "signing_key": "hush-13"},
    "tools": [
        {
            "type": "apiRequest",
            "url": "https://host/path?v=2",
            "headers": {
                "type": "object",
                "properties": {
                    "Authorization": {"type": "string", "value": "Bearer hush-14"},
                    "X-Team": {"type": "string", "description": "Whose it is", "default": "hush-15"},
                },
            },
            "body": {"type": "object", "properties": {"clientSecret": {"type": "string", "const": "hush-16"}}},
        }
    ],
    "model": {"maxTokens": 500, "promptCacheKey": "plain", "password": ""},
    "isServerUrlSecretSet": True,
}  # fmt: skip


def test_no_secret_is_left_in_clear_and_everything_else_is() -> None:
    sealed = Sealer(b"key").sealed(RECORD)

    assert b"hush" not in orjson.dumps(sealed)
    assert b"4711" not in orjson.dumps(sealed)
    assert orjson.dumps(sealed).count(b"sealed:") == 17
    assert sealed["model"] == RECORD["model"]
    assert (sealed["name"], sealed["isServerUrlSecretSet"]) == ("Front desk", True)
    assert sealed["server"]["url"] == "https://host/vapi"
    assert (sealed["storage"][0]["awsAccessKeyId"], sealed["metadata"]["publicKey"]) == ("plain", "plain")
    headers = sealed["tools"][0]["headers"]
    assert (headers["type"], headers["properties"]["X-Team"]["description"]) == ("object", "Whose it is")
    assert sealed["tools"][0]["url"] == "https://host/path?v=2"
    assert sealed["parameters"][1] == {"key": "call_id", "value": "{{ call.id }}"}


def test_whoever_sealed_it_opens_it_again() -> None:
    sealer = Sealer(b"key")

    assert sealer.opened(sealer.sealed(RECORD)) == RECORD
    assert sealer.sealed(sealer.sealed(RECORD)) == sealer.sealed(RECORD)


MANY = {
    "apiKeys": ["hush-a", "hush-b"],
    "tokens": ["hush-c"],
    "secrets": {"any": "open", "value": "hush-d"},
    "hook": {"headerName": "X-Team", "headerValue": "hush-e"},
    "query": [{"paramName": "api_key", "paramValue": "hush-f"}, {"param_name": "lang", "param_value": "en"}],
    "counts": {"maxTokens": 500, "publicKeys": ["plain"], "keys": ["1", "2"], "defaultValue": "open"},
}


def test_secrets_in_lists_and_in_pairs_are_sealed_and_counts_are_not() -> None:
    sealed = Sealer(b"key").sealed(MANY)

    assert b"hush" not in orjson.dumps(sealed)
    assert orjson.dumps(sealed).count(b"sealed:") == 6
    assert sealed["counts"] == MANY["counts"]
    assert (sealed["hook"]["headerName"], sealed["query"][1]) == ("X-Team", MANY["query"][1])  # type: ignore[index]  # a list
    assert Sealer(b"key").sealed(sealed) == sealed


TEXTS = {
    "Ask https://host/slots?day=1&api_key=hush for times, then say them.": "Ask sealed:",
    "POST to /slots?api_key=hush&day=1 first.": "POST to /slots?api_key=sealed:",
    "See [it](https://u:hush@host/x) and https://host/y.": "See [it](sealed:",
    'Send "Authorization: Bearer hush-123456" along.': 'Send "Authorization: Bearer sealed:',
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_secret_in_a_longer_text_is_sealed_where_it_stands_and_opened_there(text: str) -> None:
    sealer = Sealer(b"key")
    sealed = sealer.sealed({"content": text})

    assert sealed["content"].startswith(TEXTS[text])
    assert "hush" not in sealed["content"]
    assert sealed["content"].split()[-1] == text.split()[-1], "the rest stays readable"
    assert sealer.sealed(sealed) == sealed
    assert sealer.opened(sealed) == {"content": text}
    with pytest.raises(SealedError, match="the secret at content"):
        Sealer(b"key").opened(sealed)


@pytest.mark.parametrize(
    "text",
    [
        "Say: is 2+2=4? Or a&b=c.",
        "See https://host/x?day=1.",
        "Bearer of good news",
        "a" * 100_000 + "://",
        "x=" * 50_000,
    ],
)
def test_a_text_without_a_secret_stays_as_it_is(text: str) -> None:
    assert Sealer(b"key").sealed({"content": text}) == {"content": text}


def test_a_changed_secret_shows_as_changed_and_another_key_makes_other_seals() -> None:
    sealer = Sealer(b"key")

    assert sealer.secret("a") == Sealer(b"key").secret("a")
    assert sealer.secret("a") != sealer.secret("b")
    assert sealer.secret("a") != Sealer(b"other").secret("a")


def test_a_secret_that_was_not_met_is_not_guessed() -> None:
    kept = Sealer(b"key").sealed({"server": {"secret": "hush"}})

    with pytest.raises(SealedError, match=r"^the secret at server.secret is not at the platform any more"):
        Sealer(b"key").opened(kept)
