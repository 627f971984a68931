"""Every setting is documented, and a wrong value names its key and what to write instead."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from engine.errors import InvalidConfiguration
from store.settings import SETTINGS, Settings, load_settings

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def test_every_setting_fills_a_field_and_every_field_has_a_setting() -> None:
    fields = [field.name for field in dataclasses.fields(Settings)]
    assert [setting.field for setting in SETTINGS] == fields


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = load_settings({})
    assert settings.var_dir == Path("var").absolute()
    assert settings.database_url is None
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.lake_root == str(Path("var/lake").absolute())
    assert settings.max_body_bytes == 50 * 1024 * 1024


def test_an_empty_value_is_no_value() -> None:
    assert load_settings(dict.fromkeys((each.key for each in SETTINGS), "")) == load_settings({})


def test_the_command_line_goes_before_the_environment(tmp_path: Path) -> None:
    settings = load_settings({"WINNOW_VAR": "/elsewhere"}, var_dir=tmp_path)
    assert settings.var_dir == tmp_path
    assert settings.postgres_dir == tmp_path / "postgres"
    assert settings.secret_key_file == tmp_path / "secret.key"


KEY = "bm90IGEgc2VjcmV0LCBidXQgb2YgdGhlIHJpZ2h0IG4="


@pytest.mark.parametrize(
    ("key", "value", "field", "read"),
    [
        ("WINNOW_PORT", "1", "port", 1),
        ("WINNOW_PORT", "65535", "port", 65535),
        ("WINNOW_POSTGRES_PORT", "5433", "postgres_port", 5433),
        ("WINNOW_HOST", "::1", "host", "::1"),
        ("DATABASE_URL", "postgresql://u:p@h/d", "database_url", "postgresql://u:p@h/d"),
        ("DATABASE_URL", "postgres://u:p@h/d", "database_url", "postgres://u:p@h/d"),
        ("LAKE_URL", "s3://bucket/prefix/", "lake_url", "s3://bucket/prefix"),
        ("WINNOW_SECRET_KEY", f"{KEY},{KEY}", "secret_key", f"{KEY},{KEY}"),
        ("WINNOW_API_URL", "https://a.example/api/v1/", "api_url", "https://a.example/api/v1"),
        ("WINNOW_LOG_LEVEL", "DEBUG", "log_level", "debug"),
        ("WINNOW_MAX_BODY_BYTES", "1024", "max_body_bytes", 1024),
        ("WINNOW_ITEMS_PER_SECOND", "0", "items_per_second", 0),
        ("WINNOW_SECURE_COOKIES", "Yes", "secure_cookies", True),
    ],
)
def test_a_sound_value_is_read(key: str, value: str, field: str, read: object) -> None:
    assert getattr(load_settings({key: value}), field) == read


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("WINNOW_PORT", "0"),
        ("WINNOW_PORT", "65536"),
        ("WINNOW_PORT", "http"),
        ("WINNOW_PORT", "-1"),
        ("WINNOW_PORT", "8080.0"),
        ("WINNOW_PORT", "٨٠٨٠"),
        ("WINNOW_POSTGRES_PORT", "x"),
        ("WINNOW_HOST", "http://localhost"),
        ("WINNOW_HOST", " "),
        ("DATABASE_URL", "localhost:5432"),
        ("DATABASE_URL", "mysql://u:p@h/d"),
        ("DATABASE_URL", "postgresql://u:p@h:port/d"),
        ("WINNOW_SECRET_KEY", "secret"),
        ("WINNOW_SECRET_KEY", f"{KEY},"),
        ("WINNOW_API_URL", "localhost:8080"),
        ("WINNOW_API_URL", "https://a.example:port"),
        ("WINNOW_API_URL", "https://["),
        ("WINNOW_LOG_LEVEL", "loud"),
        ("WINNOW_MAX_BODY_BYTES", "50MB"),
        ("WINNOW_MAX_BODY_BYTES", "1023"),
        ("WINNOW_SECURE_COOKIES", "maybe"),
    ],
)
def test_a_wrong_value_names_its_key_and_the_way_out(key: str, value: str) -> None:
    with pytest.raises(InvalidConfiguration, match=key) as refusal:
        load_settings({key: value})
    (problem,) = refusal.value.problems
    assert problem.pointer == key
    assert problem.hint


def test_a_secret_is_not_repeated_in_the_refusal() -> None:
    with pytest.raises(InvalidConfiguration) as refusal:
        load_settings({"WINNOW_SECRET_KEY": "hunter2", "DATABASE_URL": "x://u:hunter2@h"})
    assert "hunter2" not in repr((refusal.value.message, refusal.value.problems))


def test_every_wrong_value_is_named_at_once() -> None:
    with pytest.raises(InvalidConfiguration) as refusal:
        load_settings({"WINNOW_PORT": "x", "WINNOW_LOG_LEVEL": "y", "WINNOW_PROT": "8080"})
    assert {problem.pointer for problem in refusal.value.problems} == {
        "WINNOW_PORT",
        "WINNOW_LOG_LEVEL",
        "WINNOW_PROT",
    }


def test_a_misspelt_setting_is_not_overlooked() -> None:
    with pytest.raises(InvalidConfiguration, match="WINNOW_PROT is not a setting") as refusal:
        load_settings({"WINNOW_PROT": "8080"})
    assert refusal.value.hint == "Did you mean WINNOW_PORT?"


def test_variables_that_others_read_are_left_to_them() -> None:
    assert load_settings({"WINNOW_API_KEY": "x", "WINNOW_DATA": "y"}) == load_settings({})


def test_the_documented_table_is_the_definition() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", DOCUMENT.read_text(), re.MULTILINE)
    expected = [
        (each.key, f"`{each.default}`" if each.default else "", each.meaning) for each in SETTINGS
    ]
    assert rows == expected
