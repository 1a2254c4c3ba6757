"""How each kind of record behaves at Vapi: what nobody can set, which lists have keys, what is one whole.

Sources: api.vapi.ai/openapi.json (August 2026: GET schemas against Update DTOs, `ToolRef`, defaults), VapiAI/gitops
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
SERVER_SECRET: Final[Path] = ("server", "secret")


@dataclass(frozen=True, slots=True)
class Rules:
    """`lists` maps a list to the key of its items; other lists, and objects in `whole`, are one value each.

    `leading`: lists in which what is new comes first. `unseen`: what is taken and may never be shown again; where it
    is not, `unseen_set` says whether it is there. `telling`: where something new changes what is said or done or where
    callers are sent, each with what the platform does anyway, if it should write that out. `always`: parts that every
    change has to repeat.
    """

    read_only: frozenset[str]
    lists: Mapping[Path, str] = field(default_factory=dict)
    leading: frozenset[Path] = frozenset()
    whole: frozenset[Path] = frozenset()
    unseen: frozenset[Path] = frozenset()
    unseen_set: str = ""
    telling: Mapping[Path, Any] = field(default_factory=dict)
    always: tuple[str, ...] = ()

    def tells(self, path: Path, value: Any) -> bool:
        """Whether it matters to callers that this has appeared. What is off, empty or was so anyway does not."""
        heads = (path[:length] for length in range(len(path), 0, -1))
        nearest = next((head for head in heads if head in self.telling), None)
        if nearest is None or value in (None, "", [], {}):
            return False
        anyway = self.telling[nearest]
        return anyway is not None if value is False else value != anyway

    def stripped(self, record: Mapping[str, Any]) -> Document:
        """A record without what nobody can set, but with whether it has a secret that is not shown."""
        out = self.read_only - {self.unseen_set}
        return {name: value for name, value in record.items() if name not in out}


_EVERYWHERE: Final = frozenset(("id", "orgId", "createdAt", "updatedAt"))
_SERVER_SECRET: Final = frozenset({SERVER_SECRET, ("serverUrlSecret",)})
_SERVER: Final[dict[Path, Any]] = {("server",): None, ("server", "timeoutSeconds"): 20, ("serverUrl",): None}


def _new(names: str) -> dict[Path, Any]:
    """Fields, each written as people read it, that are not there unless somebody wants them."""
    return {tuple(name.split(".")): None for name in names.split()}


RULES: Final[Mapping[Kind, Rules]] = MappingProxyType(
    {
        Kind.TOOL: Rules(
            read_only=_EVERYWHERE | {"latestVersion"},
            lists={("messages",): "type", ("parameters",): "key"},
            whole=frozenset({("function", "parameters"), ("server", "backoffPlan")}),
            telling=_SERVER
            | _new("async function messages parameters destinations rejectionPlan variableExtractionPlan url method"
                   " headers body code credentialId knowledgeBases")
            | {("timeoutSeconds",): 20},
            always=("type",),
        ),
        Kind.ASSISTANT: Rules(
            read_only=_EVERYWHERE
            | {"latestVersion", "isServerUrlSecretSet", "analyticsMetadata", "isDeleted", "workflowIds"},
            lists={("model", "messages"): "role", ("model", "toolIds"): PLAIN, ("model", "toolRefs"): "toolId"},
            leading=frozenset({("model", "messages")}),
            whole=frozenset({("server", "backoffPlan")}),
            unseen=_SERVER_SECRET,
            unseen_set="isServerUrlSecretSet",
            telling=_SERVER
            | _new("firstMessage firstMessageInterruptionsEnabled messagePlan.idleMessages"
                   " messagePlan.silenceTimeoutMessage voicemailMessage endCallMessage endCallPhrases"
                   " endCallFunctionEnabled dialKeypadFunctionEnabled forwardingPhoneNumber hooks serverMessages"
                   " credentials credentialIds"
                   " model.provider model.model model.fallbackModels model.url model.headers model.systemPrompt"
                   " model.messages model.tools model.toolIds model.toolRefs model.functions model.knowledgeBase"
                   " model.knowledgeBaseId model.temperature voice.provider voice.voiceId voice.model voice.language"
                   " voice.fallbackPlan voice.chunkPlan.formatPlan.replacements transcriber.provider"
                   " transcriber.language voicemailDetection keypadInputPlan compliancePlan startSpeakingPlan"
                   " stopSpeakingPlan monitorPlan.controlAuthenticationEnabled")
            | {("firstMessageMode",): "assistant-speaks-first", ("model", "maxTokens"): 250, ("voice", "speed"): 1,
               ("maxDurationSeconds",): 600, ("silenceTimeoutSeconds",): 30, ("backgroundSound",): "office",
               ("artifactPlan", "recordingEnabled"): True, ("monitorPlan", "controlEnabled"): True},
        ),
        Kind.PHONE_NUMBER: Rules(
            read_only=_EVERYWHERE
            | {"status", "stripeSubscriptionId", "stripeSubscriptionStatus", "stripeSubscriptionCurrentPeriodStart",
               "providerResourceId", "isServerUrlSecretSet"},
            whole=frozenset({("server", "backoffPlan"), ("fallbackDestination",)}),
            unseen=_SERVER_SECRET,
            unseen_set="isServerUrlSecretSet",
            telling=_SERVER | _new("hooks assistantId squadId workflowId fallbackDestination forwardingPhoneNumber")
            | {("smsEnabled",): True},
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
