"""How each kind of record behaves at Vapi: what nobody can set, which lists have keys, what is one whole.

Sources: api.vapi.ai/openapi.json (August 2026: GET schemas against Update DTOs, `ToolRef`), VapiAI/gitops
docs/learnings/assistants.md ("top level merges, below it replaces").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from app.provisioning.platform import Document, Kind

Path = tuple[str, ...]

PLAIN: Final = ""
"""In place of a key: the list holds plain values, each at most once, and their order means nothing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`lists` maps a list to the key of its items; other lists, and objects in `whole`, are one value each.

    `leading`: lists in which what is new comes first. `unseen`: what is taken and never shown again. `routing`: where
    something new sends callers elsewhere. `always`: parts that every change has to repeat.
    """

    read_only: frozenset[str]
    lists: Mapping[Path, str] = field(default_factory=dict)
    leading: frozenset[Path] = frozenset()
    whole: frozenset[Path] = frozenset()
    unseen: frozenset[Path] = frozenset()
    routing: frozenset[str] = frozenset()
    always: tuple[str, ...] = ()

    def routes(self, path: Path) -> bool:
        """Whether something that appears here matters to callers."""
        return path[0] in self.routing

    def stripped(self, record: Mapping[str, Any]) -> Document:
        """A record without what nobody can set."""
        return {name: value for name, value in record.items() if name not in self.read_only}


_EVERYWHERE: Final = frozenset(("id", "orgId", "createdAt", "updatedAt"))
_SERVER_SECRET: Final = frozenset({("server", "secret"), ("serverUrlSecret",)})

RULES: Final[Mapping[Kind, Rules]] = MappingProxyType(
    {
        Kind.TOOL: Rules(
            read_only=_EVERYWHERE | {"latestVersion"},
            lists={("messages",): "type", ("parameters",): "key"},
            whole=frozenset({("function", "parameters"), ("server", "backoffPlan")}),
            routing=frozenset(("server", "rejectionPlan")),
            always=("type",),
        ),
        Kind.ASSISTANT: Rules(
            read_only=_EVERYWHERE
            | {"latestVersion", "isServerUrlSecretSet", "analyticsMetadata", "isDeleted", "workflowIds"},
            lists={("model", "messages"): "role", ("model", "toolIds"): PLAIN, ("model", "toolRefs"): "toolId"},
            leading=frozenset({("model", "messages")}),
            whole=frozenset({("server", "backoffPlan")}),
            unseen=_SERVER_SECRET,
            routing=frozenset(("server", "hooks")),
        ),
        Kind.PHONE_NUMBER: Rules(
            read_only=_EVERYWHERE
            | {"status", "stripeSubscriptionId", "stripeSubscriptionStatus", "stripeSubscriptionCurrentPeriodStart",
               "providerResourceId"},
            whole=frozenset({("server", "backoffPlan"), ("fallbackDestination",)}),
            unseen=_SERVER_SECRET,
            routing=frozenset(("server", "hooks", "assistantId", "squadId", "workflowId")),
            always=("provider",),
        ),
    }
)  # fmt: skip


def name_of(kind: Kind, record: Mapping[str, Any]) -> str:
    """What a record is recognised by when its id is not known; empty when it has no such thing."""
    if kind is Kind.TOOL:
        function = record.get("function")
        return str(function.get("name") or "") if isinstance(function, Mapping) else ""
    return str(record.get("number" if kind is Kind.PHONE_NUMBER else "name") or "")
