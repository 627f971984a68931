"""What was configured at an earlier configuration version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from store.config import ConfigKind, Revision

if TYPE_CHECKING:
    from sqlalchemy import Connection

AS_OF = text("""
SELECT DISTINCT ON (kind, object_id)
       kind, object_id, version, config_version, name, document, author, reason, deleted,
       created_at
FROM config_versions
WHERE config_version <= :config_version
ORDER BY kind, object_id, version DESC
""")


def as_of(tx: Connection, config_version: int) -> list[Revision]:
    """The version of every object that stood then; what was deleted by then is left out."""
    rows = tx.execute(AS_OF, {"config_version": config_version})
    found = [Revision(**row._asdict() | {"kind": ConfigKind(row.kind)}) for row in rows]
    return [each for each in found if not each.deleted]
