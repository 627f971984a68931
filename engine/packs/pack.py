"""A pack as its file says it. In its rules, ids hold names: files know no ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from engine.configuration.banks import TextBank, parse_bank
from engine.configuration.policies import Policy, parse_policy
from engine.configuration.reader import MAX_NAME, Reader, escape
from engine.configuration.related import KINDS
from engine.configuration.rules import Rule, parse_rule
from engine.errors import InvalidConfiguration, Problem
from engine.items import ItemType, Kind, parse_item_type, validate_item_type
from engine.packs.source import Source, read_source
from engine.text import bank_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MAX_OBJECTS: Final = 1000
NAMED: Final = {"itemTypes": "itemTypeIds", "actions": "actionIds", "policies": "policyIds"}
"""Keys of a rule that hold names in a pack, and what they are called where they hold ids."""

T = TypeVar("T", Policy, TextBank, Rule)


@dataclass(frozen=True)
class Pack:
    """item_type: the fields that the rules read, and their roles; its id and name are the pack's.

    profiles: what rules read of `creator` and of `thread`, as item types of those names.

    policies are created where none has the name, and otherwise left alone. Policies, banks and
    rules carry no ids of their own; what a rule refers to, it refers to by name. A rule that names
    no item type applies to every one that has the fields.
    """

    name: str
    item_type: ItemType
    description: str = ""
    policies: tuple[Policy, ...] = ()
    banks: tuple[TextBank, ...] = ()
    rules: tuple[Rule, ...] = ()
    profiles: tuple[ItemType, ...] = ()
    source: Source | None = field(default=None, compare=False, repr=False)

    def place(self, pointer: str) -> str:
        """File and line, where the pack came from a file."""
        return self.name if self.source is None else self.source.place(pointer)


def read_packs(texts: Mapping[str, str]) -> tuple[Pack, ...]:
    """texts: file name -> its text. Raises InvalidConfiguration with the mistakes of all files."""
    packs: list[Pack] = []
    problems: list[Problem] = []
    for file, text in texts.items():
        try:
            packs.append(parse_pack(text, file))
        except InvalidConfiguration as error:
            problems.extend(error.problems)
    problems.extend(_said_twice(packs))
    _refuse(problems)
    return tuple(packs)


def parse_pack(text: str, file: str) -> Pack:
    """Raises InvalidConfiguration with every mistake, each with file, line and what to do."""
    source = read_source(text, file)
    reader = Reader(source.value)
    if not isinstance(source.value, Mapping):
        _refuse([source.located(problem) for problem in reader.problems])
    name = reader.text("name", limit=MAX_NAME, required=True)
    pack = Pack(
        name=name,
        description=reader.text("description", limit=10_000),
        item_type=_item_type(reader, name),
        policies=_objects(reader, "policies", parse_policy),
        banks=_objects(reader, "banks", parse_bank, _bank_document),
        rules=_objects(reader, "rules", parse_rule, _rule_document, _in_words),
        profiles=_profiles(reader),
        source=source,
    )
    reader.unknown()
    problems = [*reader.problems, *_bad_terms(pack), *_twice(pack)]
    _refuse([source.located(problem) for problem in problems])
    return pack


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidConfiguration(
            f"{len(problems)} thing{'s' if len(problems) > 1 else ''} must be put right in packs.",
            problems=tuple(problems),
        )


def _item_type(reader: Reader, name: str) -> ItemType:
    """`fields` maps a name to a scalar, or to what an item type's document says of a field."""
    fields = reader.mapping("fields", most=MAX_OBJECTS)
    more = {"name": name or "pack", "roles": dict(reader.mapping("roles"))}
    item_type, problems = _typed(name, fields, more)
    reader.problems.extend(problems)
    return item_type


def _profiles(reader: Reader) -> tuple[ItemType, ...]:
    """`profiles` maps `creator` and `thread` to fields, written as those of the pack are."""
    found: list[ItemType] = []
    for word, fields in reader.mapping("profiles", most=len(KINDS)).items():
        at = f"/profiles/{escape(word)}"
        if word not in KINDS or not isinstance(fields, Mapping):
            known = " and ".join(f"`{each}`" for each in KINDS)
            message = f"`{word}` is nothing whose fields can be declared"
            reader.problems.append(Problem(message, at, f"profiles are the fields of {known}"))
            continue
        item_type, problems = _typed(word, fields, {"name": word, "kind": KINDS[word].value})
        found.append(item_type)
        reader.problems.extend(
            replace(each, pointer=at + each.pointer.removeprefix("/fields")) for each in problems
        )
    return tuple(found)


def _typed(
    type_id: str, fields: Mapping[str, object], more: Mapping[str, object]
) -> tuple[ItemType, list[Problem]]:
    """An item type of these fields, and what is wrong with it, by the fields' names."""
    written = [_field(field, given) for field, given in fields.items()]
    try:
        item_type = parse_item_type(type_id, 1, {**more, "fields": written})
        problems = validate_item_type(item_type) if written else ()
    except InvalidConfiguration as error:
        item_type, problems = ItemType(type_id, 1, type_id, Kind.CONTENT, ()), error.problems
    return item_type, [_by_name(problem, tuple(fields)) for problem in problems]


def _field(name: str, given: object) -> dict[str, object]:
    return {"name": name, **given} if isinstance(given, Mapping) else {"name": name, "type": given}


def _by_name(problem: Problem, names: tuple[str, ...]) -> Problem:
    """A pointer into a list of fields, as one into the mapping that the file has."""
    parts = problem.pointer.split("/")
    if len(parts) > 2 and parts[1] == "fields" and parts[2].isdecimal():  # noqa: PLR2004
        parts[2] = escape(names[int(parts[2])])
    return replace(problem, pointer="/".join(parts))


def _objects(
    reader: Reader,
    key: str,
    parse: Callable[[str, int, object], T],
    document: Callable[[Mapping[str, object]], Mapping[str, object]] = dict,
    told: Callable[[Problem], Problem] = lambda problem: problem,
) -> tuple[T, ...]:
    """Each element parsed as the stored document of its noun; its problems keep their place."""
    parsed: list[T] = []
    for index, value in enumerate(reader.sequence(key, most=MAX_OBJECTS)):
        at = f"{reader.pointer}/{key}/{index}"
        try:
            parsed.append(parse("", 0, document(value) if isinstance(value, Mapping) else value))
        except InvalidConfiguration as error:
            for problem in map(told, error.problems):
                reader.problems.append(replace(problem, pointer=at + problem.pointer))
    return tuple(parsed)


def _bank_document(given: Mapping[str, object]) -> Mapping[str, object]:
    """A term may be its text alone."""
    terms = given.get("terms")
    if not isinstance(terms, list):
        return given
    return {**given, "terms": [{"text": t} if isinstance(t, str) else t for t in terms]}


def _rule_document(given: Mapping[str, object]) -> Mapping[str, object]:
    """Under the keys that hold ids elsewhere; those themselves are unknown in a pack."""
    ids = {stored: f"ids of {word}" for word, stored in NAMED.items()}
    return {NAMED.get(key, ids.get(key, key)): each for key, each in given.items()}


def _in_words(problem: Problem) -> Problem:
    """A rule's problem in the words of a pack."""
    message, hint, pointer = problem.message, problem.hint, problem.pointer
    for word, stored in NAMED.items():
        message, hint = message.replace(stored, word), hint.replace(stored, word)
        pointer = pointer.replace(f"/{stored}", f"/{word}")
    return replace(problem, message=message, hint=hint, pointer=pointer)


def _bad_terms(pack: Pack) -> Iterator[Problem]:
    for index, bank in enumerate(pack.banks):
        for problem in bank_problems(bank.matcher()):
            yield replace(problem, pointer=f"/banks/{index}{problem.pointer}")


def _twice(pack: Pack) -> Iterator[Problem]:
    """Names that stand twice within one pack."""
    for key, named in _named(pack):
        seen: set[str] = set()
        for index, name in enumerate(named):
            if name in seen:
                yield Problem(
                    f"the name `{name}` stands here for the second time",
                    f"/{key}/{index}/name",
                    "names are unique: choose another",
                )
            seen.add(name)


def _said_twice(packs: Iterable[Pack]) -> Iterator[Problem]:
    """Banks, rules and packs of one name in two files. Policies may be described by both."""
    first: dict[tuple[str, str], Pack] = {}
    for pack in packs:
        own = [("packs", (pack.name,)), *(each for each in _named(pack) if each[0] != "policies")]
        for key, names in own:
            for index, name in enumerate(dict.fromkeys(names)):
                other = first.setdefault((key, name), pack)
                if other is not pack:
                    pointer = "/name" if key == "packs" else f"/{key}/{index}"
                    yield Problem(
                        f"{pack.place(pointer)}: the name `{name}` is taken by a {key[:-1]} "
                        f"of {other.place('')}",
                        hint="names are unique over all packs: choose another",
                    )


def _named(pack: Pack) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("policies", tuple(policy.name for policy in pack.policies)),
        ("banks", tuple(bank.name for bank in pack.banks)),
        ("rules", tuple(rule.name for rule in pack.rules)),
    )
