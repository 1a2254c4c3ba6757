"""Inferences that are kept: replayed byte for byte, by command too, and known to the audit log without their words."""

import json
from decimal import Decimal

import orjson
import pytest
from sqlalchemy import select

from app.audit.log import seal, verify
from app.db.once import committing, looking
from app.db.schema import audit
from app.inference.attempt import Attempt
from app.inference.model import ModelAnswer, Usage, Wanted
from app.inference.prompt import CURRENT, built
from app.inference.records import CACHED, Inference, UnknownInferenceError, acted, by_id, kept
from app.jobs.dead_letters import listed
from tests.fakes.databases import executed
from tests.inference.test_prompt import GIVEN
from tests.nursery import readback

PROMPT = built(CURRENT, GIVEN)
ANSWER = ModelAnswer("openai:x", Usage(10, 5), handed_in='{"reply":"Hi Ann\\u0000"}', wanted=(Wanted("c", "t", "{}"),))
ATTEMPTS = (
    Attempt("openai:x", "status 500", Decimal(0), 0.1),
    Attempt("anthropic:y", "ok", Decimal("0.0012"), 0.2, ANSWER),
)


def store(url: str, *, outcome: str = "ok", bury: bool = False, replays: str = "") -> str:
    cause = "unreadable: answer: json_invalid"
    inference = Inference("acme", "sms:c1", PROMPT, outcome, ATTEMPTS, cause=cause, replays=replays)
    with committing(url, seal) as transaction:
        return kept(transaction, inference, now=1_000.0, bury=bury)


def test_an_inference_is_kept_whole_and_can_be_built_again(database_url: str) -> None:
    identity = store(database_url)
    with committing(database_url, seal) as transaction:
        acted(transaction, identity, "check_availability: ok", now=1_001.0)

    with looking(database_url) as connection:
        found = by_id(connection, identity)
        rows = connection.execute(select(audit.c.kind, audit.c.data).order_by(audit.c.seq)).fetchall()
        assert verify(connection).holds
    assert found.holds()
    assert found.again().content == PROMPT.content
    assert (found.cost, found.model, found.action) == (1_200, "anthropic:y", "check_availability: ok")
    assert orjson.loads(found.attempts)[0] == ["openai:x", "status 500", "0", 0.1]
    assert [kind for kind, _ in rows] == ["inference", "inference_acted"]
    told = orjson.loads(rows[0].data)
    assert (told["prompt"], told["micros"], told["outcome"]) == (PROMPT.hash, 1_200, "ok")
    assert "Tuesday" not in str(rows)
    assert "Ann" not in str(rows)


def test_one_that_nobody_got_an_answer_from_is_a_dead_letter_that_leads_back_to_it(database_url: str) -> None:
    identity = store(database_url, outcome="bad", bury=True)

    with looking(database_url) as connection:
        (letter,) = listed(connection)
        assert by_id(connection, str(letter.data["inference"])).id == identity
    assert letter.cause == "unreadable: answer: json_invalid"


def test_halves_of_signs_keep_no_answer_from_being_kept(database_url: str) -> None:
    broken = Attempt("m", "ok", Decimal(0), 0.1, ModelAnswer("m", None, text="Hi \ud83d", refusal="\udc00"))
    inference = Inference("acme", "sms:c1", PROMPT, "bad", (broken,))
    with committing(database_url, seal) as transaction:
        kept(transaction, inference, now=1_000.0, bury=True)

    with looking(database_url) as connection:
        assert orjson.loads(by_id(connection, inference.id).output)["text"] == "Hi ?"


def test_a_prompt_that_was_changed_does_not_hold(sqlite_url: str) -> None:
    identity = store(sqlite_url)
    executed(sqlite_url, "UPDATE inferences SET prompt = replace(prompt, 'Tuesday', 'Monday')")

    with looking(sqlite_url) as connection:
        assert not by_id(connection, identity).holds()
        with pytest.raises(UnknownInferenceError):
            by_id(connection, "nothing")


def run(url: str, *arguments: str) -> tuple[int, bytes, str]:
    told = readback("replay", *arguments, READBACK_DATABASE_URL=url)
    return told.returncode, told.stdout.encode(), told.stderr


def test_replay_writes_the_bytes_that_were_sent_and_says_when_they_differ(sqlite_url: str) -> None:
    identity = store(sqlite_url)

    code, told, _ = run(sqlite_url, identity, "--json")
    assert (code, json.loads(told)["holds"], json.loads(told)["template"]) == (0, True, CURRENT)
    executed(sqlite_url, "UPDATE inferences SET prompt = replace(prompt, 'Tuesday', 'Monday')")
    code, told, said = run(sqlite_url, identity)
    assert (code, told) == (1, PROMPT.content)
    assert PROMPT.hash in said


def test_replay_says_where_an_answer_came_from_that_nobody_was_asked_for(sqlite_url: str) -> None:
    source = store(sqlite_url)
    code, told, said = run(sqlite_url, store(sqlite_url, outcome=CACHED, replays=source))
    assert (code, told) == (0, PROMPT.content)
    assert said == f"Nobody was asked: the answer is that of inference {source}.\n"
