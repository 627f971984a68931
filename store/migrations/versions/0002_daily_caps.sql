CREATE TABLE rule_days (
    org_id integer NOT NULL,
    rule_id text NOT NULL,
    day date NOT NULL,
    used integer NOT NULL,
    CONSTRAINT rule_days_pkey PRIMARY KEY (org_id, rule_id, day)
);
ALTER TABLE rule_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_days FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON rule_days TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, UPDATE ON rule_days TO winnow_app;

-- A replay gives a message its whole schedule again, while its attempts are numbered on.
ALTER TABLE outbox ADD COLUMN replays_from integer NOT NULL DEFAULT 0;

-- A queue: every row is inserted, leased and deleted within moments. Half-empty pages keep the
-- lease beside its row (no index is touched), and vacuum comes by often.
ALTER TABLE pending SET (
    fillfactor = 50,
    autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 1000000000
);
