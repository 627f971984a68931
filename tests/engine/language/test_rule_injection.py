"""Nothing an author writes, in texts or in names, becomes code."""

from __future__ import annotations

import ast
import builtins
import keyword

import duckdb
import pytest

from engine.language import Environment, Schema, check, compile_ruleset, to_duckdb
from engine.language.types import BOOLEAN, ITEM, TEXT, Profile, list_of, struct_of
from tests.engine.language.world import ARRIVAL

NASTY = [
    "'",
    '"',
    "\\",
    "\\'",
    "'''",
    '"""',
    "\n",
    "\r\n",
    "\u2028",
    "{0}",
    "{t}",
    "%s",
    "__import__('os').system('true')",
    "'); raise SystemExit #",
    "\\N{BULLET}",
    "a\\\nb",
    "{0.__class__}",
    "'; DROP TABLE items; --",
    "$$x$$",
    "E'\\x41'",
    "--",
    "/*",
    "\U0001f44d",
]
NAMES = [
    *NASTY,
    *keyword.kwlist,
    "__class__",
    "__builtins__",
    "row",
    "counts",
    "f0",
    "r0",
    "k0",
    "t1",
]


WITH_TAGS = Schema("post", {"text": TEXT, "tags": list_of(TEXT)})


@pytest.mark.parametrize("nasty", NASTY)
def test_a_text_stays_a_text(nasty: str) -> None:
    written = "'" + nasty.replace("'", "''") + "'"
    schema = Schema("post", {"text": TEXT})
    rules = [
        f"text = {written}",
        f"text IN ({written}, 'x')",
        f"contains(text, {written})",
        f"text LIKE {written.replace('%', '!%')} ESCAPE '!'",
        f"replace(text, {written}, '') = ''",
        f"any([text, 'x'], [text, 'x'] = {written})",
    ]
    assert _outcomes(rules, schema, {"text": nasty}) == (True,) * len(rules)


@pytest.mark.parametrize("name", NAMES)
def test_a_field_may_have_any_name(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    schema = Schema("post", {name: BOOLEAN, "other": TEXT})
    rules = [quoted, f"NOT {quoted}", f"{quoted} AND other = 'x'"]
    assert _outcomes(rules, schema, {name: True, "other": "x"}) == (True, False, True)


@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_an_author_and_of_an_element_may_have_any_name(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    schema = Schema(
        "post",
        {"author": ITEM, "parts": list_of(struct_of({name: BOOLEAN})), name: list_of(TEXT)},
        "author",
        profiles={"creator": Profile({name: BOOLEAN})},
    )
    rules = [
        f"creator.{quoted}",
        f"any(parts.{quoted})",
        f"count(parts, parts.{quoted}) = 1",
        f"any({quoted} = 'x' AND creator.{quoted})",
    ]
    row = {"author": {"id": "u", "typeId": "t"}, "parts": [{name: True}], name: ["x"]}
    assert _outcomes(rules, schema, {**row, "_creator": {name: True}}) == (True,) * len(rules)


@pytest.mark.parametrize("name", sorted({*keyword.kwlist, "id", "print", "row", "f0"}))
def test_a_name_that_is_a_word_of_python_needs_no_quotes_unless_sql_does(name: str) -> None:
    schema = Schema("post", {name: BOOLEAN})
    checked = check(name, schema, Environment())
    if checked.predicate is None:
        checked = check(f'"{name}"', schema, Environment())
    assert checked.predicate is not None


@pytest.mark.parametrize(
    "text",
    [
        "text.__class__ = 'x'",
        "__import__('os') = 'x'",
        "eval(text) = 'x'",
        "text.upper() = 'x'",
        "f0 = 'x'",
        "arrived_at = 'x'",
        "read_csv('/etc/passwd') IS NULL",
        "getenv('HOME') = 'x'",
        "os.system('true') = 'x'",
        "text.__class__.__base__() = 'x'",
        "_creator.text = 'x'",
        "any(text.__iter__ = 'x')",
        "any(e0 = 'x')",
        "any(tags, _e0 = 'x')",
    ],
)
def test_there_is_no_way_to_what_the_engine_is_made_of(text: str) -> None:
    assert check(text, WITH_TAGS, Environment()).predicate is None


def test_the_generated_function_sees_no_builtins() -> None:
    predicate = check("text = 'a'", Schema("post", {"text": TEXT}), Environment()).predicate
    assert predicate is not None
    ruleset = compile_ruleset({"r": predicate}, Environment())
    names = {node.id for node in ast.walk(ast.parse(ruleset.source)) if isinstance(node, ast.Name)}
    assert not names & set(dir(builtins))


def _outcomes(rules: list[str], schema: Schema, row: dict[str, object]) -> tuple[bool | None, ...]:
    """What both engines answer, once they agree."""
    predicates = {}
    for rule in rules:
        checked = check(rule, schema, Environment())
        assert checked.predicate, checked.diagnostics
        predicates[rule] = checked.predicate
    by_row = compile_ruleset(predicates, Environment()).evaluate(row, (), ARRIVAL)
    columns = ", ".join(f'? AS "{name.replace(chr(34), chr(34) * 2)}"' for name in row)
    plan = to_duckdb(list(predicates.values()), Environment(), f"(SELECT {columns})")
    with duckdb.connect() as connection:
        query = f"SELECT {', '.join(plan.expressions)} FROM {plan.source}"
        [by_duckdb] = connection.execute(query, list(row.values())).fetchall()
    assert by_row == by_duckdb
    return by_row
