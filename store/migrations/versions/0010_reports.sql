-- Reports as they came in. The items are submissions; `thread` and `additional` name their places.
CREATE TABLE reports (
    org_id integer NOT NULL,
    report_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    received_by text NOT NULL,
    reported_at timestamptz NOT NULL,
    type_id text NOT NULL,
    item_id text NOT NULL,
    seq bigint NOT NULL,
    arrived_at timestamptz NOT NULL,
    author_type_id text,
    author_id text,
    reporter_type_id text NOT NULL,
    reporter_id text NOT NULL,
    policy_id text,
    reason text,
    csam boolean NOT NULL,
    thread jsonb NOT NULL,
    flagged jsonb NOT NULL,
    additional jsonb NOT NULL,
    job_id uuid,
    invalidated_at timestamptz,
    invalidated_by text,
    invalidated_reason text,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT reports_pkey PRIMARY KEY (org_id, report_id)
);
CREATE INDEX reports_received_at_idx ON reports (org_id, received_at);
CREATE INDEX reports_item_idx ON reports (org_id, type_id, item_id, received_at);
CREATE INDEX reports_reporter_idx
    ON reports (org_id, reporter_type_id, reporter_id, received_at);
CREATE INDEX reports_job_idx ON reports (org_id, job_id);
CREATE INDEX reports_xid_idx ON reports (org_id, xid);
ALTER TABLE reports ENABLE ROW LEVEL SECURITY;
ALTER TABLE reports FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON reports TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT ON reports TO winnow_app;
GRANT UPDATE (invalidated_at, invalidated_by, invalidated_reason, xid) ON reports TO winnow_app;
