-- What the conditions of the rules that matched an item saw of it, as of its evaluation: a row for
-- each item that some rule matched, beside its submission and gone with it.
CREATE TABLE match_traces (
    org_id integer NOT NULL,
    arrived_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    traces bytea NOT NULL,
    CONSTRAINT match_traces_pkey PRIMARY KEY (org_id, arrived_at, seq)
);
ALTER TABLE match_traces ENABLE ROW LEVEL SECURITY;
ALTER TABLE match_traces FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON match_traces TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT ON match_traces TO winnow_app;
CREATE POLICY erasing ON match_traces TO winnow_erase
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, DELETE ON match_traces TO winnow_erase;

-- After the evaluations of what an erasure lists are gone, so that one that is under way either
-- came first, and what it kept is deleted, or finds its item gone.
CREATE FUNCTION winnow_erase_traces(wanted uuid) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    DECLARE
        gone bigint;
    BEGIN
        DELETE FROM match_traces AS t USING erasure_items AS i
        WHERE i.erasure_id = wanted AND t.seq = i.seq AND t.arrived_at = i.arrived_at;
        GET DIAGNOSTICS gone = ROW_COUNT;
        RETURN gone;
    END $$;
GRANT CREATE ON SCHEMA public TO winnow_erase;
ALTER FUNCTION winnow_erase_traces(uuid) OWNER TO winnow_erase;
REVOKE CREATE ON SCHEMA public FROM winnow_erase;
REVOKE ALL ON FUNCTION winnow_erase_traces(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION winnow_erase_traces(uuid) TO winnow_app;
