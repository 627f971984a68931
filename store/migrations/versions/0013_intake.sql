-- Idempotency keys, rate limits and what is known of media.

-- A key is written in the transaction of what its request did, so there is no half-done one.
CREATE TABLE idempotency_keys (
    org_id integer NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    answer bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (org_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (org_id, created_at);

-- What each key may still send; a crash of the server fills every bucket, which does no harm.
CREATE UNLOGGED TABLE rate_buckets (
    org_id integer NOT NULL,
    key_id text NOT NULL,
    level double precision NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT rate_buckets_pkey PRIMARY KEY (org_id, key_id)
);

-- Media that items point at, to be hashed outside any request.
CREATE TABLE media (
    org_id integer NOT NULL,
    arrived_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    position integer NOT NULL,
    submission_id uuid NOT NULL,
    type_id text NOT NULL,
    item_id text NOT NULL,
    path text NOT NULL,
    kind text NOT NULL,
    url text NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    hashes jsonb,
    error text,
    settled_at timestamptz,
    CONSTRAINT media_pkey PRIMARY KEY (org_id, arrived_at, seq, position),
    CONSTRAINT media_state_check CHECK (state IN ('waiting', 'hashed', 'failed'))
);
CREATE INDEX media_due_idx ON media (org_id, due_at) WHERE state = 'waiting';
CREATE INDEX media_item_idx ON media (org_id, type_id, item_id, arrived_at);

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['idempotency_keys', 'rate_buckets', 'media'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format(
            'CREATE POLICY own_organisation ON %I TO winnow_app '
            'USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::integer)',
            guarded
        );
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys, rate_buckets, media TO winnow_app;
GRANT SELECT, INSERT ON idempotency_keys TO winnow_ingest;

-- Scopes: null for everything a key may do. Items a second: null for the organisation's limit.
ALTER TABLE api_keys
    ADD COLUMN scopes text[],
    ADD COLUMN items_per_second double precision,
    ADD COLUMN replaced_by text,
    ADD CONSTRAINT api_keys_items_per_second_check CHECK (items_per_second > 0);
GRANT SELECT (scopes, items_per_second) ON api_keys TO winnow_lookup;
DROP FUNCTION winnow_find_api_key(bytea);
CREATE FUNCTION winnow_find_api_key(hash bytea)
    RETURNS TABLE (
        org_id integer, key_id text, last_used_at timestamptz, expires_at timestamptz,
        revoked_at timestamptz, scopes text[], items_per_second double precision
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
        SELECT k.org_id, k.key_id, k.last_used_at, k.expires_at, k.revoked_at, k.scopes,
               k.items_per_second
        FROM api_keys AS k WHERE k.key_hash = hash
    $$;
GRANT CREATE ON SCHEMA public TO winnow_lookup;
ALTER FUNCTION winnow_find_api_key(bytea) OWNER TO winnow_lookup;
REVOKE CREATE ON SCHEMA public FROM winnow_lookup;
REVOKE ALL ON FUNCTION winnow_find_api_key(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION winnow_find_api_key(bytea) TO winnow_app, winnow_ingest;
