"""What a platform is asked to be, out of a file (TOML) and prompts beside it (Markdown), for one environment.

No secret stands in these files: `{ env = "NAME" }` names the variable that holds it, and nothing else is taken where
a secret belongs.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from app.calls.model import Tool
from app.errors import ConfigurationError
from app.provisioning.desired_tables import AssistantTable, EnvironmentTable, FileTable, NumberTable, RecordTable
from app.provisioning.platform import Document, Key, Kind
from app.provisioning.sealing import Sealer, is_secret, judged
from app.provisioning.tool_settings import Deadlines, only, server_settings, speech_of, tool_settings

SERVER_MESSAGES: Final = (
    "tool-calls",
    "status-update",
    "end-of-call-report",
    "hang",
    "transfer-destination-request",
    "transfer-update",
)
"""What we act upon. Left out, a platform sends what it thinks usual, which has changed more than once."""
REPORT_TIMEOUT_S: Final = 20
REQUEST_TIMEOUT_S: Final = 7
"""An `assistant-request` has 7.5 s in all, whatever is set."""
MOST_PROMPT_CHARS: Final = 100_000

SecretOf = Callable[[str], str]
"""The value of a variable that holds a secret. Raises `ConfigurationError` when it is not set."""


@dataclass(frozen=True, slots=True)
class Known:
    """A record that another one refers to. `version`: the newest of a tool, empty where there are no versions."""

    id: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One record that files ask for. `match`: what it is found by, when no id is known; `needs`: what it refers to."""

    key: Key
    match: str
    ask: Callable[[Mapping[Key, Known]], Document]
    needs: tuple[Key, ...] = ()
    record_id: str = ""
    may_be_made: bool = True


@dataclass(frozen=True, slots=True)
class Means:
    """What a file is read with."""

    tools: Sequence[Tool[Any]]
    deadlines: Deadlines
    public_url: str | None
    secret_of: SecretOf
    sealer: Sealer


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything that is asked for in one environment, in the order in which it is brought there."""

    environment: str
    records: tuple[Record, ...]


def environments(path: Path) -> list[str]:
    """The environments that a file names. Raises `ConfigurationError`."""
    return list(_read(path).environments)


def load_desired(path: Path, environment: str, means: Means) -> Desired:
    """What the file asks for. Raises `ConfigurationError` with one sentence for a file that is wrong."""
    file = _read(path)
    if environment not in file.environments:
        known = ", ".join(file.environments)
        raise ConfigurationError(f'{path.name} has no environment "{environment}"; there are: {known}.')
    return _Reading(path, file, file.environments[environment], environment, means).desired()


def _read(path: Path) -> FileTable:
    try:
        return FileTable.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError(f"READBACK_PLATFORM: {path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path.name}: {where}: {first['msg']}.") from None
    except ValueError as error:  # not TOML, or not UTF-8
        raise ConfigurationError(f"{path.name} is not valid TOML: {error}.") from None


class _Reading:
    """One file, read for one environment."""

    def __init__(self, path: Path, file: FileTable, chosen: EnvironmentTable, name: str, means: Means) -> None:
        self._path, self._file, self._chosen, self._name, self._means = path, file, chosen, name, means
        self._server_url = self._address()
        self._tools = only(means.tools, file.tools if file.tools is not None else [t.name for t in means.tools])

    def desired(self) -> Desired:
        records = [
            *(self._tool(tool) for tool in self._tools),
            *(self._assistant(name, table) for name, table in self._here(self._file.assistants)),
            *(self._number(name, table) for name, table in self._here(self._file.numbers)),
        ]
        keys = {str(record.key) for record in records}
        for name in {*self._chosen.settings, *self._chosen.ids} - keys:
            raise self._wrong(f"environments.{self._name} names {name}, which nothing here asks for")
        only(self._tools, self._file.speech)
        return Desired(self._name, tuple(records))

    def _here(self, tables: Mapping[str, Any]) -> list[tuple[str, Any]]:
        for name, table in tables.items():
            if unknown := set(table.only or ()) - set(self._file.environments):
                raise self._wrong(f"{name}: only names {', '.join(sorted(unknown))}, which is no environment")
        return [(name, table) for name, table in tables.items() if table.only is None or self._name in table.only]

    def _address(self) -> str:
        if self._chosen.server_url:
            url = self._chosen.server_url
        elif self._means.public_url:
            url = f"{self._means.public_url.rstrip('/')}/vapi"
        else:
            raise self._wrong(f"environments.{self._name} has no server_url, and READBACK_PUBLIC_URL is not set")
        if not url.startswith("https://") or "@" in url:
            raise self._wrong(f"environments.{self._name}: the server_url must begin with https:// and name no user")
        return url

    def _server(self, timeout_s: int) -> Document:
        return server_settings(self._server_url, timeout_s, self._chosen.credential)

    def _tool(self, tool: Tool[Any]) -> Record:
        own = self._file.speech[tool.name].model_dump(exclude_none=True) if tool.name in self._file.speech else {}
        deadlines = self._means.deadlines
        settings = tool_settings(tool, self._server(deadlines.timeout_s), speech_of(tool, own), deadlines)
        key = Key(Kind.TOOL, tool.name)
        asked = self._laid_over(key, settings)
        return self._record(key, tool.name, lambda _: asked)

    def _assistant(self, name: str, table: AssistantTable) -> Record:
        key = Key(Kind.ASSISTANT, name)
        ours: Document = {
            "name": table.name,
            "server": self._server(REPORT_TIMEOUT_S),
            "serverMessages": list(SERVER_MESSAGES),
        }
        if table.prompt is not None:
            ours["model"] = {"messages": [{"role": "system", "content": self._prompt(name, table.prompt)}]}
        fixed = self._laid_over(key, _over(ours, self._own(name, table)))
        served = self._tools if table.tools is None else only(self._tools, table.tools)
        tools = [Key(Kind.TOOL, tool.name) for tool in served]
        return self._record(
            key, table.name, lambda known: _over(fixed, {"model": self._attached(tools, known)}), needs=tuple(tools)
        )

    def _attached(self, tools: Sequence[Key], known: Mapping[Key, Known]) -> Document:
        """Tools with a version are pinned to it, so that a tool that is changed reaches no caller unseen."""
        plain, pinned = [], []
        for tool in tools:
            there = known[tool]
            if self._chosen.pin_tools and there.version:
                pinned.append({"toolId": there.id, "version": there.version})
            else:
                plain.append(there.id)
        return {"toolIds": plain, "toolRefs": pinned}

    def _number(self, name: str, table: NumberTable) -> Record:
        key = Key(Kind.PHONE_NUMBER, name)
        ours: Document = {"squadId": None, "workflowId": None, "server": self._server(REQUEST_TIMEOUT_S)}
        fixed = self._laid_over(key, _over(ours, self._own(name, table)))
        assistant = None if table.assistant is None else Key(Kind.ASSISTANT, table.assistant)
        if assistant and assistant.name not in dict(self._here(self._file.assistants)):
            raise self._wrong(f"numbers.{name}: there is no assistant {assistant.name} in {self._name}")
        return self._record(
            key,
            table.number,
            lambda known: {**fixed, "assistantId": known[assistant].id if assistant else None},
            needs=(assistant,) if assistant else (),
            may_be_made=False,
        )

    def _record(self, key: Key, match: str, ask: Callable[[Mapping[Key, Known]], Document], **how: Any) -> Record:
        return Record(key, match, ask, record_id=self._chosen.ids.get(str(key), ""), **how)

    def _own(self, name: str, table: RecordTable) -> Document:
        """What the file says itself, with what is to be cleared as nothing."""
        own: Document = dict(table.settings)
        for dotted in table.clear:
            *parents, last = dotted.split(".")
            cleared: Document = {last: None}
            for parent in reversed(parents):
                cleared = {parent: cleared}
            own = _over(own, cleared)
        checked: Document = self._with_secrets(own, name)
        return checked

    def _laid_over(self, key: Key, settings: Document) -> Document:
        laid = _over(settings, self._with_secrets(self._chosen.settings.get(str(key), {}), str(key)))
        return self._means.sealer.sealed(laid)

    def _with_secrets(self, value: Any, where: str, name: str = "") -> Any:
        if isinstance(value, Mapping) and set(value) == {"env"}:
            if not is_secret(name):
                raise self._wrong(f"{where} takes a variable, but holds no secret; write the value itself")
            return self._means.sealer.secret(self._means.secret_of(str(value["env"])))
        if isinstance(value, Mapping):
            names = judged(name, value)
            return {key: self._with_secrets(item, f"{where}.{key}", names[key]) for key, item in value.items()}
        if isinstance(value, list):
            return [self._with_secrets(item, where, name) for item in value]
        if is_secret(name) and isinstance(value, str):
            raise self._wrong(f'{where} holds a secret; write {{ env = "NAME" }} with the variable that has it')
        return value

    def _prompt(self, name: str, file: str) -> str:
        path = self._path.parent / file
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise self._wrong(f"assistants.{name}: the prompt {file} cannot be read: {reason}") from None
        if not text or len(text) > MOST_PROMPT_CHARS:
            raise self._wrong(f"assistants.{name}: the prompt {file} must have 1 to {MOST_PROMPT_CHARS} characters")
        return text

    def _wrong(self, problem: str) -> ConfigurationError:
        return ConfigurationError(f"{self._path.name}: {problem}.")


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Document:
    """One document laid over another, object by object; lists are taken whole."""
    laid = dict(below)
    for name, value in above.items():
        under = laid.get(name)
        laid[name] = _over(under, value) if isinstance(value, Mapping) and isinstance(under, Mapping) else value
    return laid
