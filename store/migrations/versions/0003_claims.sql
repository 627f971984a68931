-- When the present claim on a job began, so that a decision can say how long it took.
ALTER TABLE jobs ADD COLUMN claimed_at timestamptz;

CREATE INDEX jobs_enqueued_idx ON jobs (org_id, enqueued_at);
CREATE INDEX jobs_decided_idx ON jobs (org_id, decided_at) WHERE state = 'decided';
CREATE INDEX outbox_dead_idx ON outbox (org_id, created_at) WHERE state = 'dead';

-- A decision undone within its few seconds takes its labels back with it.
GRANT DELETE ON labels TO winnow_app;
