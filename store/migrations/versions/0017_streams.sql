-- How far each stream has been read, and what of it could not be taken in.
CREATE TABLE streams (
    org_id integer NOT NULL,
    stream text NOT NULL,
    seq bigint NOT NULL,
    accepted bigint NOT NULL,
    refused bigint NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT streams_pkey PRIMARY KEY (org_id, stream)
);
ALTER TABLE streams ENABLE ROW LEVEL SECURITY;
ALTER TABLE streams FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON streams TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, UPDATE ON streams TO winnow_app;

CREATE TABLE stream_refusals (
    org_id integer NOT NULL,
    stream text NOT NULL,
    seq bigint NOT NULL,
    position integer NOT NULL,
    subject text NOT NULL,
    body bytea NOT NULL,
    problems jsonb NOT NULL,
    refused_at timestamptz NOT NULL,
    CONSTRAINT stream_refusals_pkey PRIMARY KEY (org_id, stream, seq, position)
);
CREATE INDEX stream_refusals_refused_at_idx ON stream_refusals (org_id, refused_at);
ALTER TABLE stream_refusals ENABLE ROW LEVEL SECURITY;
ALTER TABLE stream_refusals FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON stream_refusals TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT ON stream_refusals TO winnow_app;
