"""The simulated platform's eight rules. Ids hold names, as everywhere in the blueprint."""

from __future__ import annotations

from typing import Final

from engine.configuration.rules import Example, Rule, Status
from engine.simulation.events import Offence, Thing

_TALK: Final = (Thing.POST.value, Thing.COMMENT.value, Thing.MESSAGE.value)


def _rule(
    name: str,
    where: str,
    things: tuple[str, ...],
    actions: tuple[str, ...],
    offence: Offence | None,
    *,
    why: str,
    examples: tuple[Example, ...],
    status: Status = Status.LIVE,
    tags: tuple[str, ...] = (),
) -> Rule:
    return Rule(
        rule_id="",
        version=0,
        name=name,
        where=where,
        description=why,
        status=status,
        item_type_ids=things,
        action_ids=actions,
        policy_ids=(offence.value,) if offence else (),
        tags=tags,
        examples=examples,
    )


def _hit(note: str, **data: object) -> Example:
    return Example(data, matches=True, note=note)


def _miss(note: str, **data: object) -> Example:
    return Example(data, matches=False, note=note)


RULES: Final = (
    _rule(
        "Spam phrases from a young account",
        "matches(text, 'spam phrases') AND account_age_days < 30",
        _TALK,
        ("Remove",),
        Offence.SPAM,
        why="The wording of known campaigns; older accounts talk about such offers honestly.",
        examples=(
            _hit("an offer", text="Guaranteed profit, join today", account_age_days=2),
            _miss("an old account", text="Guaranteed profit? Please.", account_age_days=900),
        ),
        tags=("spam",),
    ),
    _rule(
        "Link burst from a young account",
        "account_age_days < 14"
        " AND (len(links) > 2 OR len(links) > 0 AND count_recent(creator, '1 hour') > 3)",
        (Thing.POST.value, Thing.COMMENT.value),
        ("Remove", "Suspend author"),
        Offence.SPAM,
        why="People seldom post many links in their first days; campaigns do little else.",
        examples=(
            _hit(
                "three links at once",
                text="look, look, look",
                links=["https://example.com/a", "https://example.com/b", "https://example.com/c"],
                account_age_days=1,
            ),
            _miss("no link", text="hello", links=[], account_age_days=1),
            _miss(
                "an old account",
                text="look",
                links=["https://example.com/a"],
                account_age_days=400,
            ),
        ),
        tags=("spam", "velocity"),
    ),
    _rule(
        "Insult in a reply",
        "matches(text, 'insults')",
        (Thing.COMMENT.value,),
        ("Send to harassment review",),
        Offence.HARASSMENT,
        why="A word is not a verdict: a person reads the thread.",
        examples=(
            _hit("an insult", text="Delete your account, loser."),
            _miss("no insult", text="Where did you get it?"),
        ),
        tags=("harassment",),
    ),
    _rule(
        "Listing paid outside the platform",
        "(list_has_any(payment_methods, ['gift card', 'wire transfer', 'crypto',"
        " 'prepaid voucher']) OR contact['messenger'] IS NOT NULL)"
        " AND price < 150 AND account_age_days < 30",
        (Thing.LISTING.value,),
        ("Hide listing", "Send to review"),
        Offence.SCAM,
        why="Payment that cannot be reversed, a low price and a new seller.",
        examples=(
            _hit(
                "a gift card",
                title="New iPhone",
                text="Half price",
                price=49,
                payment_methods=["gift card"],
                account_age_days=1,
            ),
            _miss(
                "cash",
                title="Desk",
                text="Pick up",
                price=49,
                payment_methods=["cash"],
                account_age_days=1,
            ),
        ),
        tags=("fraud",),
    ),
    _rule(
        "Somebody may need help",
        "matches(text, 'worrying words')",
        _TALK,
        ("Offer support", "Send to wellbeing"),
        Offence.SELF_HARM,
        why="Support is offered at once; a person looks within half an hour.",
        examples=(
            _hit("distress", text="I just want to disappear."),
            _miss("a figure of speech", text="This commute is killing me."),
        ),
        tags=("care",),
    ),
    _rule(
        "Cold message with a link",
        "first_contact AND contains(text, 'https://')"
        " AND age(author_joined_at) < INTERVAL '7 days'",
        (Thing.MESSAGE.value,),
        ("Limit messages",),
        Offence.SPAM,
        why="A stranger of one week who opens with a link.",
        examples=(
            # Seen from any day on which the examples run, this account is young.
            _hit(
                "a stranger with a link",
                text="Look: https://example.com",
                first_contact=True,
                author_joined_at="2199-01-01T00:00:00Z",
            ),
            _miss("they know each other", text="https://example.com", first_contact=False),
            _miss("no link", text="Hi, is the desk still there?", first_contact=True),
        ),
        tags=("spam",),
    ),
    _rule(
        "Reported by several people",
        "reports >= 3",
        (*_TALK, Thing.LISTING.value),
        ("Send to review",),
        None,
        why="Three readers who never met seldom err together.",
        examples=(
            _hit("three reports", text="hello", reports=3),
            _miss("one report", text="hello", reports=1),
        ),
        tags=("reports",),
    ),
    _rule(
        "Disguised spelling",
        "matches(text, 'disguised spelling')",
        _TALK,
        ("Remove",),
        Offence.SPAM,
        why="Watched in shadow until its false positives are known.",
        examples=(
            _hit("dots", text="earn with b.i.t.c.o.i.n today"),
            _miss("an abbreviation", text="the U.S. team won 3-1"),
        ),
        status=Status.SHADOW,
        tags=("spam", "evasion"),
    ),
)
