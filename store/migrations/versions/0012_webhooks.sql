-- Signing keys that overlap, endpoints with a circuit breaker, order of deliveries.

-- When the key begins to make `coop-signature`; before that it signs beside the active one.
ALTER TABLE signing_keys ADD COLUMN active_from timestamptz;
UPDATE signing_keys SET active_from = created_at;
ALTER TABLE signing_keys ALTER COLUMN active_from SET NOT NULL;

-- What is known of the other end of an organisation's webhooks: scheme, host and port.
-- `open_until`: nothing is sent there before it, and from then on one message at a time, `probe`.
CREATE TABLE webhook_endpoints (
    org_id integer NOT NULL,
    endpoint text NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    opens integer DEFAULT 0 NOT NULL,
    open_until timestamptz,
    probe uuid,
    CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (org_id, endpoint)
);
ALTER TABLE webhook_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON webhook_endpoints TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, UPDATE ON webhook_endpoints TO winnow_app;

-- `due_at` with `ordinal` is the order of messages about one item; a replay goes to its end.
ALTER TABLE outbox
    ADD COLUMN endpoint text,
    ADD COLUMN item_type_id text,
    ADD COLUMN item_id text,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN ordinal bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN timeout_s double precision;
UPDATE outbox SET due_at = created_at,
    endpoint = coalesce(lower(substring(url FROM '^[A-Za-z]+://[^/?#]+')), '');
ALTER TABLE outbox ALTER COLUMN endpoint SET NOT NULL, ALTER COLUMN due_at SET NOT NULL;
INSERT INTO webhook_endpoints (org_id, endpoint) SELECT DISTINCT org_id, endpoint FROM outbox;

DROP INDEX outbox_due_idx;
CREATE INDEX outbox_due_idx ON outbox (org_id, endpoint, next_attempt_at, ordinal)
    WHERE state = 'pending';
CREATE INDEX outbox_flying_idx ON outbox (org_id, endpoint) WHERE state = 'leased';
CREATE INDEX outbox_item_idx ON outbox
    (org_id, endpoint, item_type_id, item_id, due_at, ordinal)
    WHERE state IN ('pending', 'leased') AND item_id IS NOT NULL;

-- A few index probes an organisation, however many messages wait; what waits for a breaker to close
-- wakes nobody.
GRANT SELECT (org_id, endpoint, open_until) ON webhook_endpoints TO winnow_lookup;
GRANT SELECT (endpoint) ON outbox TO winnow_lookup;
CREATE POLICY lookup ON webhook_endpoints FOR SELECT TO winnow_lookup USING (true);
CREATE OR REPLACE FUNCTION winnow_orgs_with_outbox() RETURNS SETOF integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
        SELECT o.org_id FROM orgs AS o
        WHERE EXISTS (
            SELECT FROM webhook_endpoints AS e
            WHERE e.org_id = o.org_id
                AND (e.open_until IS NULL OR e.open_until <= clock_timestamp())
                AND (
                    SELECT true FROM outbox AS b
                    WHERE b.org_id = e.org_id AND b.endpoint = e.endpoint
                        AND b.state = 'pending' AND b.next_attempt_at <= clock_timestamp()
                    LIMIT 1
                )
        ) OR EXISTS (
            SELECT FROM outbox AS b
            WHERE b.org_id = o.org_id AND b.state = 'leased'
                AND b.leased_until < clock_timestamp()
        )
        ORDER BY o.org_id
    $$;
