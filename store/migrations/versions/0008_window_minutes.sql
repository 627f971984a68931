-- Events of busy keys, summed by the minute; `units` are millionths.
CREATE TABLE window_minutes (
    org_id integer NOT NULL,
    counter_id integer NOT NULL,
    key text NOT NULL,
    minute timestamptz NOT NULL,
    events bigint NOT NULL,
    units numeric,
    largest double precision,
    CONSTRAINT window_minutes_pkey PRIMARY KEY (org_id, counter_id, key, minute)
);
ALTER TABLE window_minutes ENABLE ROW LEVEL SECURITY;
ALTER TABLE window_minutes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON window_minutes TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, DELETE ON window_minutes TO winnow_app;
