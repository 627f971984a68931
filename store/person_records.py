"""Everything that is known of one person of the platform, as rows of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from engine.items import ItemRef

# The person, and all that they created.
THEIRS: Final = """
WITH theirs AS (
    SELECT CAST(:type_id AS text) AS type_id, CAST(:item_id AS text) AS item_id
    UNION
    SELECT type_id, item_id FROM submissions
    WHERE creator_type_id = :type_id AND creator_id = :item_id
)
"""

SECTIONS: Final = {
    "submissions": """
SELECT json_build_object('typeId', type_id, 'typeVersion', type_version, 'id', item_id,
    'submissionId', submission_id, 'arrivedAt', arrived_at, 'source', source, 'data', data)
FROM submissions
WHERE (creator_type_id = :type_id AND creator_id = :item_id)
   OR (type_id = :type_id AND item_id = :item_id)
ORDER BY arrived_at
""",
    "evaluations": """
SELECT json_build_object('typeId', e.type_id, 'id', s.item_id, 'arrivedAt', e.arrived_at,
    'evaluatedAt', e.evaluated_at, 'configVersion', e.config_version::text,
    'outcomes', e.outcomes)
FROM submissions AS s JOIN evaluations AS e ON e.seq = s.seq
WHERE (s.creator_type_id = :type_id AND s.creator_id = :item_id)
   OR (s.type_id = :type_id AND s.item_id = :item_id)
ORDER BY e.seq
""",
    "actions": f"""{THEIRS}
SELECT json_build_object('executionId', execution_id, 'actionId', action_id, 'typeId', type_id,
    'id', item_id, 'source', source, 'rules', rules, 'policies', policies,
    'parameters', parameters, 'note', note, 'createdAt', created_at)
FROM action_executions JOIN theirs USING (type_id, item_id) ORDER BY created_at
""",
    "jobs": f"""{THEIRS}
SELECT json_build_object('jobId', job_id, 'kind', kind, 'typeId', type_id, 'id', item_id,
    'state', state, 'enqueuedAt', enqueued_at, 'sources', sources, 'policyIds', policy_ids)
FROM jobs JOIN theirs USING (type_id, item_id) ORDER BY enqueued_at
""",
    "decisions": f"""{THEIRS}
SELECT json_build_object('decisionId', d.decision_id, 'jobId', d.job_id, 'kind', d.kind,
    'actionIds', d.action_ids, 'policyIds', d.policy_ids, 'parameters', d.parameters,
    'reason', d.reason, 'decidedAt', d.decided_at, 'undoneAt', d.undone_at)
FROM jobs AS j JOIN theirs USING (type_id, item_id) JOIN decisions AS d ON d.job_id = j.job_id
ORDER BY d.decided_at
""",
    "reports_made": """
SELECT json_build_object('reportId', report_id, 'typeId', type_id, 'id', item_id,
    'policyId', policy_id, 'reason', reason, 'reportedAt', reported_at)
FROM reports WHERE reporter_type_id = :type_id AND reporter_id = :item_id ORDER BY received_at
""",
    "reports_about": f"""{THEIRS}
SELECT json_build_object('reportId', report_id, 'typeId', type_id, 'id', item_id,
    'policyId', policy_id, 'reason', reason, 'reportedAt', reported_at)
FROM reports
WHERE (type_id, item_id) IN (SELECT type_id, item_id FROM theirs)
   OR (author_type_id = :type_id AND author_id = :item_id)
ORDER BY received_at
""",
    "appeals": f"""{THEIRS}
SELECT json_build_object('appealId', appeal_id, 'typeId', type_id, 'id', item_id,
    'reason', reason, 'appealedAt', appealed_at, 'outcome', outcome, 'resolvedAt', resolved_at)
FROM appeals
WHERE (type_id, item_id) IN (SELECT type_id, item_id FROM theirs)
   OR (appealed_by_type_id = :type_id AND appealed_by_id = :item_id)
ORDER BY received_at
""",
    "strikes": """
SELECT json_build_object('strikeId', fact_id, 'at', at, 'policyId', name, 'amount', amount,
    'reason', reason, 'expiresAt', expires_at, 'withdrawnAt', withdrawn_at)
FROM facts
WHERE kind = 'strike' AND subject_type_id = :type_id AND subject_id = :item_id ORDER BY at
""",
    "labels": f"""{THEIRS}
SELECT json_build_object('typeId', type_id, 'id', item_id, 'name', name, 'at', at,
    'reason', reason, 'expiresAt', expires_at, 'withdrawnAt', withdrawn_at)
FROM facts JOIN theirs ON subject_type_id = type_id AND subject_id = item_id
WHERE kind = 'label' ORDER BY at
""",
}


def of_person(tx: Connection, person: ItemRef) -> dict[str, list[Mapping[str, Any]]]:
    """By section, oldest first. What reviewers are called is not in it."""
    asked = {"type_id": person.type_id, "item_id": person.item_id}
    return {
        name: list(tx.execute(text(statement), asked).scalars())
        for name, statement in SECTIONS.items()
    }
