"""`readback replay`: what a model was asked, built again from what it was built from."""

import sys
from argparse import Namespace
from typing import Any

from app.commands.answers import DOES_NOT_HOLD, HOLDS, complain, say
from app.db.once import looking
from app.inference.prompt import PromptError
from app.inference.records import CACHED, UnknownInferenceError, as_shown, by_id
from app.settings import from_environment


def add(commands: Any) -> None:
    parser = commands.add_parser("replay", help=_replay.__doc__, description=_replay.__doc__)
    parser.add_argument("id", help="the inference's id, as the audit log and dead letters have it")
    parser.add_argument("--json", action="store_true", help="answer with one JSON document about all of it")
    parser.set_defaults(run=_replay)


def _replay(asked: Namespace) -> int:
    """Build a model's prompt again and write its bytes: 1 when they are not the ones that were sent."""
    try:
        with looking(from_environment().database_url) as connection:
            found = by_id(connection, asked.id)
        prompt, told = found.again(), as_shown(found)
    except (UnknownInferenceError, PromptError) as error:
        return complain(str(error))
    if asked.json:
        say(asked, told, "")
    else:
        sys.stdout.buffer.write(prompt.content)
        sys.stdout.buffer.flush()
    if found.outcome == CACHED:
        complain(f"Nobody was asked: the answer is that of inference {found.replays}.")
    if told["holds"]:
        return HOLDS
    complain(f"Built again it is {prompt.hash}; what was sent is {found.prompt_hash}.")
    return DOES_NOT_HOLD
