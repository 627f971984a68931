"""What the simulated platform's trust & safety team configures, as values.

Every reference between objects is by name; whoever creates them puts the ids in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.configuration.actions import Action, ActionType
from engine.configuration.policies import Policy, Severity
from engine.configuration.queues import Queue
from engine.items import Container, Field, ItemType, Kind, Role, Scalar
from engine.simulation.events import Offence, Thing
from engine.simulation.rulebook import RULES
from engine.simulation.vocabulary import BANKS

if TYPE_CHECKING:
    from engine.configuration.banks import TextBank
    from engine.configuration.rules import Rule

TRUTH_FIELD: Final = "simulated_truth"
DEFAULT_QUEUE: Final = ""


@dataclass(frozen=True)
class Blueprint:
    item_types: tuple[ItemType, ...]
    policies: tuple[Policy, ...]
    banks: tuple[TextBank, ...]
    queues: tuple[Queue, ...]
    actions: tuple[Action, ...]
    rules: tuple[Rule, ...]


def _list_of(name: str, value: Scalar, description: str) -> Field:
    return Field(name, value, container=Container("ARRAY", None, value), description=description)


_TRUTH = (
    Field(TRUTH_FIELD, Scalar.BOOLEAN, description="Known to the simulator, not to any rule."),
    Field("simulated_policy", Scalar.STRING),
)
_HIDDEN = frozenset(field.name for field in _TRUTH)
_AUTHORED = (
    Field("author", Scalar.RELATED_ITEM, required=True),
    Field("created_at", Scalar.DATETIME, required=True),
    Field("language", Scalar.STRING),
    Field("country", Scalar.STRING),
    Field("account_age_days", Scalar.NUMBER, description="The author's age when this was written."),
    Field("author_joined_at", Scalar.DATETIME),
    Field("reports", Scalar.NUMBER, description="How many readers have reported it so far."),
    *_TRUTH,
)
_TEXT = Field("text", Scalar.STRING, required=True)
_LINKS = (
    _list_of("links", Scalar.URL, "Addresses found in the text."),
    _list_of("hashtags", Scalar.STRING, "Words that begin with #."),
)
_WRITTEN = {Role.CREATOR_ID: "author", Role.CREATED_AT: "created_at"}


def _item_type(
    thing: Thing, kind: Kind, roles: dict[Role, str], fields: tuple[Field, ...], description: str
) -> ItemType:
    return ItemType("", 0, thing.value, kind, fields, roles, description, _HIDDEN)


ITEM_TYPES: Final = (
    _item_type(
        Thing.ACCOUNT,
        Kind.USER,
        {Role.DISPLAY_NAME: "name", Role.CREATED_AT: "joined_at"},
        (
            Field("name", Scalar.STRING, required=True),
            Field("bio", Scalar.STRING),
            Field("joined_at", Scalar.DATETIME),
            Field("country", Scalar.STRING),
            Field("language", Scalar.STRING),
            Field("followers", Scalar.NUMBER),
            Field("verified", Scalar.BOOLEAN),
            *_TRUTH,
        ),
        "A person's profile, sent when the person first appears.",
    ),
    _item_type(Thing.POST, Kind.CONTENT, _WRITTEN, (_TEXT, *_LINKS, *_AUTHORED), "A public post."),
    _item_type(
        Thing.COMMENT,
        Kind.CONTENT,
        {**_WRITTEN, Role.THREAD_ID: "thread", Role.PARENT_ID: "parent"},
        (
            _TEXT,
            *_LINKS,
            Field("thread", Scalar.RELATED_ITEM, description="The post it is all about."),
            Field("parent", Scalar.RELATED_ITEM, description="What it answers."),
            *_AUTHORED,
        ),
        "An answer to a post or to another comment.",
    ),
    _item_type(
        Thing.MESSAGE,
        Kind.CONTENT,
        _WRITTEN,
        (
            _TEXT,
            Field("recipient", Scalar.RELATED_ITEM),
            Field("first_contact", Scalar.BOOLEAN, description="They never wrote to each other."),
            *_AUTHORED,
        ),
        "A private message.",
    ),
    _item_type(
        Thing.LISTING,
        Kind.CONTENT,
        _WRITTEN,
        (
            Field("title", Scalar.STRING, required=True),
            _TEXT,
            Field("price", Scalar.NUMBER),
            Field(
                "category",
                Scalar.ENUM,
                options=(
                    *("bikes", "furniture", "music", "electronics"),
                    *("housing", "tickets", "other"),
                ),
            ),
            _list_of("payment_methods", Scalar.STRING, "How the seller wants to be paid."),
            Field(
                "contact",
                Scalar.STRING,
                container=Container("MAP", Scalar.STRING, Scalar.STRING),
                description="Ways to reach the seller outside the platform.",
            ),
            *_AUTHORED,
        ),
        "Something for sale.",
    ),
)

INTEGRITY: Final = "Platform integrity"
SAFETY: Final = "Personal safety"

POLICIES: Final = (
    Policy("", 0, INTEGRITY, text="The platform is for people, not for campaigns."),
    Policy(
        "",
        0,
        Offence.SPAM.value,
        INTEGRITY,
        "No unwanted bulk content, whoever sends it.",
        "One clumsy advert by a person is not spam. The same link from five new accounts is.",
        Severity.LOW,
    ),
    Policy(
        "",
        0,
        Offence.SCAM.value,
        INTEGRITY,
        "No deals that are made to take money without giving anything.",
        "Look for payment that cannot be reversed and for reasons never to meet.",
        Severity.HIGH,
    ),
    Policy("", 0, SAFETY, text="Nobody should be harmed here, by others or by themselves."),
    Policy(
        "",
        0,
        Offence.HARASSMENT.value,
        SAFETY,
        "No attacks on a person.",
        "Rough talk between friends is fine when both take part. Judge the thread, not the word.",
        Severity.MEDIUM,
    ),
    Policy(
        "",
        0,
        Offence.SELF_HARM.value,
        SAFETY,
        "People in distress are offered help.",
        "Never punish. Offer support; when there is a plan or a time, escalate at once.",
        Severity.SEVERE,
        strike_weight=0,
    ),
)

QUEUES: Final = (
    Queue("", 0, "Harassment", "Attacks on people.", sla_minutes=240),
    Queue("", 0, "Wellbeing", "People who may need help. Always first.", sla_minutes=30),
)


def actions(webhooks: str) -> tuple[Action, ...]:
    """webhooks: the address under which the platform takes each action's call."""

    def call(name: str, slug: str, description: str, things: tuple[Thing, ...] = ()) -> Action:
        return Action(
            "",
            0,
            name,
            description=description,
            callback_url=f"{webhooks}/{slug}",
            callback_url_body={"source": "winnow"},
            item_type_ids=tuple(thing.value for thing in things),
        )

    def enqueue(name: str, queue: str, description: str) -> Action:
        return Action("", 0, name, ActionType.ENQUEUE_TO_MRT, description, queue_id=queue or None)

    return (
        call("Remove", "remove", "Takes the item down."),
        call("Hide listing", "hide-listing", "Hides a listing until reviewed.", (Thing.LISTING,)),
        call("Limit messages", "limit-messages", "Holds the message back.", (Thing.MESSAGE,)),
        call("Offer support", "offer-support", "Shows the author where to find help."),
        call("Suspend author", "suspend", "Suspends the account of the author."),
        enqueue("Send to review", DEFAULT_QUEUE, "A moderator should look."),
        enqueue(
            "Send to harassment review", "Harassment", "A moderator of that queue should look."
        ),
        enqueue("Send to wellbeing", "Wellbeing", "Somebody who can help should look, soon."),
    )


def blueprint(webhooks: str) -> Blueprint:
    return Blueprint(ITEM_TYPES, POLICIES, BANKS, QUEUES, actions(webhooks), RULES)
