-- Appeals, and the decisions they are about.
CREATE TABLE appeals (
    org_id integer NOT NULL,
    id uuid NOT NULL,
    appeal_id text NOT NULL,
    type_id text NOT NULL,
    item_id text NOT NULL,
    seq bigint,
    arrived_at timestamptz,
    appealed_by_type_id text NOT NULL,
    appealed_by_id text NOT NULL,
    appealed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    reason text NOT NULL,
    action_ids jsonb NOT NULL,
    policy_ids jsonb NOT NULL,
    item jsonb NOT NULL,
    additional_items jsonb NOT NULL,
    against jsonb NOT NULL,
    earlier_id uuid,
    job_id uuid NOT NULL,
    outcome text,
    decision_id uuid,
    resolved_at timestamptz,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT appeals_pkey PRIMARY KEY (org_id, id),
    CONSTRAINT appeals_once_key UNIQUE (org_id, appeal_id, type_id, item_id),
    CONSTRAINT appeals_outcome_check CHECK (outcome IN ('ACCEPT', 'REJECT'))
);
CREATE INDEX appeals_item_idx ON appeals (org_id, type_id, item_id, received_at);
CREATE INDEX appeals_job_idx ON appeals (org_id, job_id);
CREATE INDEX appeals_received_at_idx ON appeals (org_id, received_at);
CREATE INDEX appeals_resolved_at_idx ON appeals (org_id, resolved_at)
    WHERE outcome IS NOT NULL;
CREATE INDEX appeals_xid_idx ON appeals (org_id, xid);
ALTER TABLE appeals ENABLE ROW LEVEL SECURITY;
ALTER TABLE appeals FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON appeals TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, UPDATE ON appeals TO winnow_app;

-- Why a job went to its queue: every routing rule of its kind, run or not.
CREATE TABLE routings (
    org_id integer NOT NULL,
    job_id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    queue_id text NOT NULL,
    rule_id text,
    config_version bigint NOT NULL,
    trail jsonb NOT NULL,
    CONSTRAINT routings_pkey PRIMARY KEY (org_id, job_id)
);
CREATE INDEX routings_at_idx ON routings (org_id, at);
ALTER TABLE routings ENABLE ROW LEVEL SECURITY;
ALTER TABLE routings FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON routings TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT ON routings TO winnow_app;

-- Who may not take a job, because it is about what they decided.
ALTER TABLE jobs ADD COLUMN barred jsonb NOT NULL DEFAULT '[]';
-- Strikes that a decision took back, so that undoing it gives them again.
ALTER TABLE decisions ADD COLUMN withdrew jsonb NOT NULL DEFAULT '[]';
ALTER TABLE action_executions ADD COLUMN parameters jsonb NOT NULL DEFAULT '{}';
ALTER TABLE action_executions ADD COLUMN note text;
