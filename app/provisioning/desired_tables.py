"""The tables of a file that says how a platform is to be set up. A key that nobody knows is refused."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]


class Table(BaseModel):
    """Base of every table."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EnvironmentTable(Table):
    """One account at the platform. `settings` are laid over those of the records named, as in `assistant/acme`."""

    server_url: str | None = None
    credential: str | None = None
    pin_tools: bool = True
    ids: dict[str, str] = {}
    settings: dict[str, dict[str, Any]] = {}


class SpeechTable(Table):
    """What a caller hears around a tool, where it is not the usual."""

    start: str | None = None
    delayed: str | None = None
    failed: str | None = None


class RecordTable(Table):
    """What assistants and numbers have in common. `only`: in which environments there is such a record."""

    only: list[str] | None = None
    settings: dict[str, Any] = {}
    clear: list[str] = []


class AssistantTable(RecordTable):
    """An assistant: its prompt in a file, and the tools it has."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    prompt: str | None = None
    tools: list[str] | None = None


class NumberTable(RecordTable):
    """A phone number. Without an assistant we are asked who answers, which is what a daily cap needs."""

    number: Annotated[str, Field(pattern=r"^\+[1-9]\d{6,14}$")]
    assistant: str | None = None


class FileTable(Table):
    """The whole file."""

    environments: Annotated[dict[Name, EnvironmentTable], Field(min_length=1)]
    tools: list[str] | None = None
    speech: dict[str, SpeechTable] = {}
    assistants: dict[Name, AssistantTable] = {}
    numbers: dict[Name, NumberTable] = {}
