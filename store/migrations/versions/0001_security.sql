-- Who may do what. `winnow_app` runs everything and sees one organisation at a time;
-- `winnow_ingest` writes accepted items; `winnow_lookup` owns the functions that find out which
-- organisation a caller belongs to, and nothing else runs as it.

DO $$
DECLARE
    wanted text;
    may_become boolean;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['winnow_app', 'winnow_ingest', 'winnow_lookup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        END IF;
        -- From version 16 on, being a member and being allowed to become are two things.
        EXECUTE format(
            'SELECT pg_has_role(current_user, %L, %L)', wanted,
            CASE WHEN current_setting('server_version_num')::integer >= 160000
                THEN 'SET' ELSE 'MEMBER' END
        ) INTO may_become;
        IF NOT may_become THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
    BEGIN
        -- Postgres refuses COPY under row-level security.
        ALTER ROLE winnow_ingest BYPASSRLS;
    EXCEPTION WHEN insufficient_privilege THEN
        NULL;  -- only a superuser may: whoever migrates is told so
    END;
END $$;

GRANT USAGE ON SCHEMA public TO winnow_app, winnow_ingest, winnow_lookup;

DO $$
DECLARE
    guarded text;
BEGIN
    FOR guarded IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', guarded);
    END LOOP;
    FOR guarded IN
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
            AND NOT relispartition AND relname <> 'alembic_version'
    LOOP
        EXECUTE format(
            'CREATE POLICY own_organisation ON %I TO winnow_app '
            'USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::integer)',
            guarded
        );
    END LOOP;
END $$;

GRANT SELECT, UPDATE ON orgs TO winnow_app;
GRANT SELECT, INSERT, UPDATE ON
    org_clock, users, api_keys, signing_keys, config_heads, counters, outbox, jobs, decisions,
    backtests, lake_exports
    TO winnow_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, sign_in_failures, pending TO winnow_app;
GRANT SELECT, INSERT, DELETE ON window_events TO winnow_app;
GRANT SELECT, INSERT ON
    config_versions, submissions, evaluations, action_executions, outbox_attempts, labels,
    audit_log
    TO winnow_app;

GRANT SELECT, UPDATE ON org_clock TO winnow_ingest;
GRANT SELECT ON counters TO winnow_ingest;
GRANT INSERT ON submissions, window_events, pending TO winnow_ingest;

GRANT SELECT, INSERT ON orgs TO winnow_lookup;
GRANT SELECT (org_id, user_id, email) ON users TO winnow_lookup;
GRANT SELECT (org_id, token_hash, user_id, expires_at) ON sessions TO winnow_lookup;
GRANT SELECT (org_id, key_id, key_hash, last_used_at, expires_at, revoked_at)
    ON api_keys TO winnow_lookup;
GRANT SELECT (org_id, leased_until, set_aside_at) ON pending TO winnow_lookup;
GRANT SELECT (org_id, state, next_attempt_at, leased_until) ON outbox TO winnow_lookup;
CREATE POLICY lookup ON orgs TO winnow_lookup USING (true);
CREATE POLICY lookup ON users FOR SELECT TO winnow_lookup USING (true);
CREATE POLICY lookup ON sessions FOR SELECT TO winnow_lookup USING (true);
CREATE POLICY lookup ON api_keys FOR SELECT TO winnow_lookup USING (true);
CREATE POLICY lookup ON pending FOR SELECT TO winnow_lookup USING (true);
CREATE POLICY lookup ON outbox FOR SELECT TO winnow_lookup USING (true);

-- The functions answer without an organisation, so each gives away as little as it can.
CREATE FUNCTION winnow_org_ids() RETURNS SETOF integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$ SELECT org_id FROM orgs ORDER BY org_id $$;

CREATE FUNCTION winnow_create_org(org_name text, at timestamptz) RETURNS integer
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$ INSERT INTO orgs (name, created_at) VALUES (org_name, at) RETURNING org_id $$;

CREATE FUNCTION winnow_find_api_key(hash bytea)
    RETURNS TABLE (
        org_id integer, key_id text, last_used_at timestamptz, expires_at timestamptz,
        revoked_at timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
        SELECT k.org_id, k.key_id, k.last_used_at, k.expires_at, k.revoked_at
        FROM api_keys AS k WHERE k.key_hash = hash
    $$;

CREATE FUNCTION winnow_find_user(address text) RETURNS TABLE (org_id integer, user_id text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$ SELECT u.org_id, u.user_id FROM users AS u WHERE lower(u.email) = lower(address) $$;

CREATE FUNCTION winnow_find_session(hash bytea)
    RETURNS TABLE (org_id integer, user_id text, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
        SELECT s.org_id, s.user_id, s.expires_at FROM sessions AS s WHERE s.token_hash = hash
    $$;

-- One index probe an organisation, however many rows wait.
CREATE FUNCTION winnow_orgs_with_pending() RETURNS SETOF integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
        SELECT o.org_id FROM orgs AS o
        WHERE EXISTS (
            SELECT FROM pending AS p
            WHERE p.org_id = o.org_id AND p.set_aside_at IS NULL
                AND (p.leased_until IS NULL OR p.leased_until < clock_timestamp())
        )
        ORDER BY o.org_id
    $$;

CREATE FUNCTION winnow_orgs_with_outbox() RETURNS SETOF integer
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
    AS $$
        SELECT o.org_id FROM orgs AS o
        WHERE EXISTS (
            SELECT FROM outbox AS b
            WHERE b.org_id = o.org_id
                AND ((b.state = 'pending' AND b.next_attempt_at <= clock_timestamp())
                    OR (b.state = 'leased' AND b.leased_until < clock_timestamp()))
        )
        ORDER BY o.org_id
    $$;

GRANT CREATE ON SCHEMA public TO winnow_lookup;
ALTER FUNCTION winnow_org_ids() OWNER TO winnow_lookup;
ALTER FUNCTION winnow_create_org(text, timestamptz) OWNER TO winnow_lookup;
ALTER FUNCTION winnow_find_api_key(bytea) OWNER TO winnow_lookup;
ALTER FUNCTION winnow_find_user(text) OWNER TO winnow_lookup;
ALTER FUNCTION winnow_find_session(bytea) OWNER TO winnow_lookup;
ALTER FUNCTION winnow_orgs_with_pending() OWNER TO winnow_lookup;
ALTER FUNCTION winnow_orgs_with_outbox() OWNER TO winnow_lookup;
REVOKE CREATE ON SCHEMA public FROM winnow_lookup;

REVOKE ALL ON FUNCTION
    winnow_org_ids(), winnow_create_org(text, timestamptz), winnow_find_api_key(bytea),
    winnow_find_user(text), winnow_find_session(bytea), winnow_orgs_with_pending(),
    winnow_orgs_with_outbox()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    winnow_org_ids(), winnow_create_org(text, timestamptz), winnow_find_api_key(bytea),
    winnow_find_user(text), winnow_find_session(bytea), winnow_orgs_with_pending(),
    winnow_orgs_with_outbox()
    TO winnow_app;
GRANT EXECUTE ON FUNCTION winnow_find_api_key(bytea), winnow_org_ids() TO winnow_ingest;

-- The grants above already keep the runtime from changing history; this stops the owner too.
CREATE FUNCTION winnow_forbid_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION winnow_forbid_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON config_versions
    FOR EACH STATEMENT EXECUTE FUNCTION winnow_forbid_change();
