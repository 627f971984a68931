"""The lake without a person: rows about them deleted, mentions of them blanked, old files gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import erasures, export_source, lake, lake_erasure
from store.lake_erasure import among, change, delete, keys, of_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from engine.items import ItemRef
    from services.context import Context
    from store.lake_erasure import Wanted

ERASED = "erased"


def kept_in_lake(
    root: str, org_id: int, type_id: str, person: ItemRef
) -> Iterator[list[tuple[int, datetime, str]]]:
    """Items of one type that are the person's, or the person: (place, arrival, id), in portions."""
    wanted = of_items([person], "_creator_type_id", "_creator_id")
    if type_id == person.type_id:
        wanted |= among("_item_id", [person.item_id])
    return lake_erasure.places(lake.items_uri(root, org_id, type_id), wanted)


def clean_lake(
    context: Context, org_id: int, person: ItemRef, items: Sequence[ItemRef], places: Sequence[int]
) -> None:
    """items: the person and all that is theirs. places: of their submissions.

    May be done again after it was stopped anywhere: what leads to other rows goes after them.
    """
    root = context.lake_root
    with context.database.transaction(org_id) as tx:
        type_ids = export_source.item_type_ids(tx)
    for type_id in type_ids:
        uri = lake.items_uri(root, org_id, type_id)
        delete(uri, "_seq", keys(uri, "_seq", among("_seq", places)))
    uris = {table: lake.fact_uri(root, org_id, table) for table in lake.FACT_TABLES}
    delete(uris["evaluations"], "_seq", keys(uris["evaluations"], "_seq", among("_seq", places)))
    theirs = of_items(items, "type_id", "item_id")
    _clean_casework(uris, theirs)
    _blank_job_reasons(context, org_id, uris, person)
    for table, key, others in (
        ("reports", "report_id", of_items(items, "author_type_id", "author_id")),
        ("appeals", "id", of_items([person], "appealed_by_type_id", "appealed_by_id")),
    ):
        delete(uris[table], key, keys(uris[table], key, theirs | others))
    _clean_mentions(uris, person, items)
    lake_erasure.forget_flips(root, org_id, places)
    for type_id in type_ids:
        lake_erasure.forget_past(lake.items_uri(root, org_id, type_id))
    for uri in uris.values():
        lake_erasure.forget_past(uri)


def _clean_casework(uris: dict[str, str], theirs: Wanted) -> None:
    job_ids = keys(uris["jobs"], "job_id", theirs)
    decided = keys(uris["decisions"], "decision_id", among("job_id", job_ids))
    delete(uris["decisions"], "decision_id", decided)
    delete(uris["jobs"], "job_id", job_ids)
    for table, key in (("actions", "execution_id"), ("labels", "label_id")):
        delete(uris[table], key, keys(uris[table], key, theirs))


def _blank_job_reasons(
    context: Context, org_id: int, uris: dict[str, str], person: ItemRef
) -> None:
    """Jobs about others that this person reported; the export writes them anew without it."""
    made = of_items([person], "reporter_type_id", "reporter_id")
    job_ids = [job_id for job_id in keys(uris["reports"], "job_id", made) if job_id]
    change(uris["jobs"], "job_id", job_ids, {"sources": "[]"})
    with context.database.transaction(org_id) as tx:
        erasures.export_jobs_again(tx, [str(job_id) for job_id in job_ids])


def _clean_mentions(uris: dict[str, str], person: ItemRef, items: Sequence[ItemRef]) -> None:
    made = keys(uris["reports"], "report_id", of_items([person], "reporter_type_id", "reporter_id"))
    change(uris["reports"], "report_id", made, {"reporter_id": ERASED, "reason": None})
    about = of_items(items, "subject_type_id", "subject_id")
    delete(uris["facts"], "fact_id", keys(uris["facts"], "fact_id", about))
    caused = keys(uris["facts"], "fact_id", of_items(items, "cause_type_id", "cause_id"))
    change(
        uris["facts"], "fact_id", caused, {"cause_type_id": None, "cause_id": None, "reason": ""}
    )
