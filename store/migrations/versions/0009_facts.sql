-- Facts with a place: strikes, reports and labels of an entity. `at` and `withdrawn_at` are
-- instants of the organisation's clock, so each is before or after every submission.
CREATE TABLE facts (
    org_id integer NOT NULL,
    at timestamptz NOT NULL,
    fact_id uuid NOT NULL,
    kind text NOT NULL,
    subject_type_id text NOT NULL,
    subject_id text NOT NULL,
    name text,
    amount double precision NOT NULL DEFAULT 1,
    expires_at timestamptz,
    withdrawn_at timestamptz,
    cause_type_id text,
    cause_id text,
    actor text NOT NULL,
    reason text NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT facts_pkey PRIMARY KEY (org_id, at),
    CONSTRAINT facts_kind_check CHECK (kind IN ('strike', 'report', 'label'))
);
CREATE UNIQUE INDEX facts_fact_id_key ON facts (org_id, fact_id);
CREATE INDEX facts_subject_idx ON facts (org_id, kind, subject_type_id, subject_id, at);
-- When a row was written last; the lake follows it.
CREATE INDEX facts_moved_idx ON facts (org_id, GREATEST(at, withdrawn_at));
CREATE INDEX facts_xid_idx ON facts (org_id, xid);
ALTER TABLE facts ENABLE ROW LEVEL SECURITY;
ALTER TABLE facts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON facts TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT ON facts TO winnow_app;
GRANT UPDATE (withdrawn_at, xid) ON facts TO winnow_app;

-- What busy keys' token buckets held after an arrival, so that no period is read from its start.
CREATE TABLE token_buckets (
    org_id integer NOT NULL,
    counter_id integer NOT NULL,
    key text NOT NULL,
    rate text NOT NULL,
    at timestamptz NOT NULL,
    due numeric NOT NULL,
    CONSTRAINT token_buckets_pkey PRIMARY KEY (org_id, counter_id, key, rate, at)
);
ALTER TABLE token_buckets ENABLE ROW LEVEL SECURITY;
ALTER TABLE token_buckets FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON token_buckets TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, DELETE ON token_buckets TO winnow_app;
