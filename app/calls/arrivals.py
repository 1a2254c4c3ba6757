"""The start of a call: who answers it. Decides within its own deadline and fails open; never leaves a caller in silence."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call goes to this assistant, with these variable values."""

    assistant: str
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diverted:
    """The call goes to a person at `number` (E.164), after saying `say`."""

    number: str
    say: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The caller hears `say`, and the call ends."""

    say: str
