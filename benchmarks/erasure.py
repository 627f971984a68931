"""`erasure_100000`: everything known of an account with 100,000 items, among a million, is erased.

From the request to DONE: listed, deleted in Postgres, every file of the lake rewritten without it
and the old ones deleted. Each item has a verdict and two counters' events; one in a hundred was
reported, reviewed and acted on. Limit: what `docs/people.md` states for such an
account. Beside it, on standard error, an account with a hundred items.

    python -m benchmarks.erasure [--items N] [--theirs N]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from benchmarks._stage import staged
from engine.casework.erasure import ErasureState
from engine.items import ItemRef
from services import configuration, erasures
from services.context import Caller, system_caller
from services.item_types import ITEM_TYPES
from services.lake_export import compare_counts, export_all
from services.organisations import create_organisation
from store.database import psycopg_url

if TYPE_CHECKING:
    from services.context import Context

LIMIT_S = 60
FEW = 100
POST = {
    "name": "Post",
    "kind": "CONTENT",
    "fields": [
        {"name": "text", "type": "STRING", "required": True},
        {"name": "author", "type": "RELATED_ITEM"},
    ],
    "roles": {"creatorId": "author"},
}
# Over a day, a tenth of it by one author; another has a hundred items in all.
HISTORY = """
CREATE TEMPORARY TABLE sent AS
SELECT n AS seq, now() - interval '1 day' + n * interval '86 milliseconds' AS at,
       gen_random_uuid() AS submission_id, 'item-' || n AS item_id, n %% 100 = 0 AS acted_on,
       CASE WHEN n <= %(few)s THEN 'few'
            WHEN n %% (%(items)s / %(theirs)s) = 0 THEN 'many' ELSE 'u' || n %% 20000 END AS author
FROM generate_series(1, %(items)s) AS n;
INSERT INTO submissions (org_id, arrived_at, seq, submission_id, type_id, type_version, item_id,
                         creator_type_id, creator_id, data, source)
SELECT %(org)s, at, seq, submission_id, %(post)s, 1, item_id, %(user)s, author,
       json_build_object('text', repeat(md5(seq::text) || ' ', 12),
                         'author', json_build_object('id', author, 'typeId', %(user)s)),
       'post-items'
FROM sent;
INSERT INTO evaluations (org_id, seq, arrived_at, submission_id, type_id, config_version,
                         evaluated_at, outcomes)
SELECT %(org)s, seq, at, submission_id, %(post)s, 1, at, '[]' FROM sent;
INSERT INTO window_events (org_id, counter_id, key, arrived_at, seq)
SELECT %(org)s, c, CASE c WHEN 1 THEN author ELSE md5((seq %% 50000)::text) END, at, seq
FROM sent CROSS JOIN generate_series(1, 2) AS c;
INSERT INTO action_executions (org_id, execution_id, seq, arrived_at, submission_id, action_id,
                               action_version, type_id, item_id, source, rules, policies, actor,
                               dedupe_key, created_at)
SELECT %(org)s, submission_id, seq, at, submission_id, 'a1', 1, %(post)s, item_id, 'post-items',
       '[]', '[]', 'system:evaluation', submission_id::text, at
FROM sent WHERE acted_on;
INSERT INTO jobs (org_id, job_id, queue_id, kind, type_id, item_id, seq, arrived_at, state,
                  enqueued_at, sources, decided_at)
SELECT %(org)s, submission_id, 'q1', 'DEFAULT', %(post)s, item_id, seq, at, 'decided', at, '[]', at
FROM sent WHERE acted_on;
INSERT INTO reports (org_id, report_id, received_at, received_by, reported_at, type_id, item_id,
                     seq, arrived_at, author_type_id, author_id, reporter_type_id, reporter_id,
                     reason, csam, thread, flagged, additional, job_id)
SELECT %(org)s, submission_id, at, 'key:1', at, %(post)s, item_id, seq, at, %(user)s, author,
       %(user)s, 'u1', 'rude', false, '[]', '[]', '[]', submission_id
FROM sent WHERE acted_on;
UPDATE org_clock SET seq = %(items)s, at = (SELECT max(at) FROM sent) WHERE org_id = %(org)s;
ANALYZE;
"""


def fill(context: Context, url: str, caller: Caller, options: argparse.Namespace) -> str:
    """The id of the type of users."""
    post = configuration.create(context, caller, ITEM_TYPES, POST, "").object_id
    found = "SELECT object_id FROM config_heads WHERE kind = 'item_type' AND name = 'User'"
    with psycopg.connect(psycopg_url(url)) as connection:
        connection.execute("SELECT set_config('app.org_id', %s, true)", (str(caller.org_id),))
        row = connection.execute(found).fetchone()
        assert row is not None
        given = {
            "org": caller.org_id, "post": post, "user": row[0], "few": FEW,
            "items": options.items, "theirs": options.theirs,
        }  # fmt: skip
        psycopg.ClientCursor(connection).execute(HISTORY, given)
    return str(row[0])


def erased(context: Context, caller: Caller, person: ItemRef) -> tuple[float, int]:
    """(seconds from the request to its end, submissions that went)."""
    started = time.perf_counter()
    asked = erasures.erase_person(context, caller, person)
    erasures.erase_all(context)
    seconds = time.perf_counter() - started
    done = erasures.read_erasure(context, caller, asked.erasure_id)
    assert done.state is ErasureState.DONE, done.state
    return seconds, done.counts["submissions"]


def measure(options: argparse.Namespace, var: Path) -> None:
    with staged(var) as stage:
        context = stage.context
        caller = system_caller(create_organisation(context, "Benchmark").org_id, "benchmark")
        users = fill(context, stage.url, caller, options)
        export_all(context, caller.org_id)
        few_s, few = erased(context, caller, ItemRef(users, "few"))
        seconds, items = erased(context, caller, ItemRef(users, "many"))
        left = [table for table in compare_counts(context, caller.org_id) if table.missing]
        assert not left, left
    print(f"   {few} items: {few_s:.1f} s; {items} items: {seconds:.1f} s", file=sys.stderr)
    report = {
        "name": "erasure_100000", "value": round(seconds, 1), "unit": "s",
        "peer": "docs/people.md", "peer_value": LIMIT_S, "ratio": round(LIMIT_S / seconds, 1),
    }  # fmt: skip
    print(json.dumps(report), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--theirs", type=int, default=100_000)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        measure(parser.parse_args(), Path(directory))


if __name__ == "__main__":
    main()
