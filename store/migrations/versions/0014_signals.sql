-- What signals answered about a value, which is known by its digest alone; booleans are 0 and 1.
CREATE TABLE signal_answers (
    org_id integer NOT NULL,
    signal text NOT NULL,
    version text NOT NULL,
    asked bytea NOT NULL,
    answer double precision,
    answered_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT signal_answers_pkey PRIMARY KEY (org_id, signal, version, asked)
);
CREATE INDEX signal_answers_answered_at_idx ON signal_answers (org_id, answered_at);
ALTER TABLE signal_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE signal_answers FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON signal_answers TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, DELETE ON signal_answers TO winnow_app;
