-- A rule told not to act on one item or person until a time.
CREATE TABLE snoozes (
    org_id integer NOT NULL,
    snooze_id uuid NOT NULL,
    rule_id text NOT NULL,
    type_id text NOT NULL,
    item_id text NOT NULL,
    until timestamptz NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT snoozes_pkey PRIMARY KEY (org_id, snooze_id)
);
CREATE INDEX snoozes_open_idx ON snoozes (org_id, rule_id, type_id, item_id)
    WHERE ended_at IS NULL;
CREATE INDEX snoozes_created_at_idx ON snoozes (org_id, rule_id, created_at);

-- A save that waits for a second person. `base_version` is the version its author saw.
CREATE TABLE approvals (
    org_id integer NOT NULL,
    approval_id uuid NOT NULL,
    rule_id text NOT NULL,
    base_version integer NOT NULL,
    name text NOT NULL,
    document jsonb NOT NULL,
    reason text NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    state text NOT NULL,
    decided_by text,
    decided_at timestamptz,
    comment text,
    saved_version integer,
    CONSTRAINT approvals_pkey PRIMARY KEY (org_id, approval_id),
    CONSTRAINT approvals_state_check
        CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn'))
);
CREATE UNIQUE INDEX approvals_waiting_key ON approvals (org_id, rule_id)
    WHERE state = 'waiting';
CREATE INDEX approvals_created_at_idx ON approvals (org_id, created_at, approval_id);

-- How many items that a LIVE rule matched held an entry; `entry` is a digest of mode and text.
CREATE TABLE bank_hits (
    org_id integer NOT NULL,
    bank_id text NOT NULL,
    entry bytea NOT NULL,
    hits bigint NOT NULL,
    last_hit_at timestamptz NOT NULL,
    CONSTRAINT bank_hits_pkey PRIMARY KEY (org_id, bank_id, entry)
) WITH (fillfactor = 70);

-- What recent items hold, for the lint. `field` is a name, or names joined by dots.
CREATE TABLE field_statistics (
    org_id integer NOT NULL,
    type_id text NOT NULL,
    field text NOT NULL,
    sampled integer NOT NULL,
    null_share double precision NOT NULL,
    least double precision,
    largest double precision,
    computed_at timestamptz NOT NULL,
    CONSTRAINT field_statistics_pkey PRIMARY KEY (org_id, type_id, field)
);

ALTER TABLE snoozes ENABLE ROW LEVEL SECURITY;
ALTER TABLE snoozes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON snoozes TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, UPDATE ON snoozes TO winnow_app;

ALTER TABLE approvals ENABLE ROW LEVEL SECURITY;
ALTER TABLE approvals FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON approvals TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, UPDATE ON approvals TO winnow_app;

ALTER TABLE bank_hits ENABLE ROW LEVEL SECURITY;
ALTER TABLE bank_hits FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON bank_hits TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, UPDATE ON bank_hits TO winnow_app;

ALTER TABLE field_statistics ENABLE ROW LEVEL SECURITY;
ALTER TABLE field_statistics FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON field_statistics TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, UPDATE, DELETE ON field_statistics TO winnow_app;
