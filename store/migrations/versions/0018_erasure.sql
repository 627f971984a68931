-- People whose data was erased: what was asked, how far it has come, and how much went.
-- Whose data it was is forgotten when the erasure is done.
CREATE TABLE erasures (
    org_id integer NOT NULL,
    erasure_id uuid NOT NULL,
    type_id text,
    item_id text,
    state text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    finished_at timestamptz,
    counts jsonb DEFAULT '{}' NOT NULL,
    CONSTRAINT erasures_pkey PRIMARY KEY (org_id, erasure_id),
    CONSTRAINT erasures_state_check CHECK (state IN ('waiting', 'listed', 'deleted', 'done')),
    CONSTRAINT erasures_done_check CHECK ((state = 'done') = (item_id IS NULL))
);
CREATE UNIQUE INDEX erasures_person_key ON erasures (org_id, type_id, item_id)
    WHERE state <> 'done';
ALTER TABLE erasures ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasures FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON erasures TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, UPDATE ON erasures TO winnow_app;

-- What is being erased: the person, at place 0, and every submission of theirs.
CREATE TABLE erasure_items (
    org_id integer NOT NULL,
    erasure_id uuid NOT NULL,
    seq bigint NOT NULL,
    arrived_at timestamptz NOT NULL,
    type_id text NOT NULL,
    item_id text NOT NULL,
    CONSTRAINT erasure_items_pkey PRIMARY KEY (org_id, erasure_id, seq)
);
ALTER TABLE erasure_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasure_items FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organisation ON erasure_items TO winnow_app
    USING (org_id = nullif(current_setting('app.org_id', true), '')::integer);
GRANT SELECT, INSERT, DELETE ON erasure_items TO winnow_app;

-- The runtime cannot delete history; it can ask for what an erasure lists to be deleted, by a
-- function whose owner can do nothing else and as which nothing else runs.
DO $$
DECLARE
    may_become boolean;
    touched text;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'winnow_erase') THEN
        CREATE ROLE winnow_erase NOLOGIN;
    END IF;
    EXECUTE format(
        'SELECT pg_has_role(current_user, %L, %L)', 'winnow_erase',
        CASE WHEN current_setting('server_version_num')::integer >= 160000
            THEN 'SET' ELSE 'MEMBER' END
    ) INTO may_become;
    IF NOT may_become THEN
        GRANT winnow_erase TO CURRENT_USER;
    END IF;
    FOREACH touched IN ARRAY ARRAY[
        'erasures', 'erasure_items', 'submissions', 'pending', 'window_events', 'window_minutes',
        'token_buckets', 'media', 'evaluations', 'action_executions', 'outbox', 'outbox_attempts',
        'jobs', 'decisions', 'routings', 'labels', 'facts', 'reports', 'appeals', 'snoozes',
        'stream_refusals'
    ] LOOP
        EXECUTE format(
            'CREATE POLICY erasing ON %I TO winnow_erase '
            'USING (org_id = nullif(current_setting(''app.org_id'', true), '''')::integer)',
            touched
        );
        EXECUTE format('GRANT SELECT, DELETE ON %I TO winnow_erase', touched);
    END LOOP;
END $$;
REVOKE DELETE ON erasures, erasure_items FROM winnow_erase;
GRANT USAGE ON SCHEMA public TO winnow_erase;
GRANT UPDATE ON outbox, jobs, facts, reports TO winnow_erase;

-- In the order in which an evaluation writes, so that one that is under way either comes first,
-- and what it wrote is deleted, or finds its item gone. What others own keeps its row and loses
-- the person: reports they made, facts they caused, reasons of jobs, bodies of old webhooks.
CREATE FUNCTION winnow_erase_listed(wanted uuid) RETURNS jsonb
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    AS $$
    DECLARE
        counts jsonb := '{}';
        gone bigint;
        who record;
        named text;
        job_ids uuid[];
        report_ids uuid[];
        outbox_ids uuid[];
    BEGIN
        SELECT type_id, item_id INTO who FROM erasures WHERE erasure_id = wanted;
        IF who.item_id IS NULL THEN
            RAISE EXCEPTION 'there is no such erasure to be done';
        END IF;
        named := to_json(who.item_id)::text;
        CREATE TEMPORARY TABLE erased_keys ON COMMIT DROP AS
            SELECT DISTINCT type_id, item_id FROM erasure_items WHERE erasure_id = wanted;
        CREATE TEMPORARY TABLE erased_windows (counter_id integer, key text) ON COMMIT DROP;

        DELETE FROM pending AS p USING erasure_items AS i
        WHERE i.erasure_id = wanted AND p.seq = i.seq;
        WITH events AS (
            DELETE FROM window_events AS w USING erasure_items AS i
            WHERE i.erasure_id = wanted AND w.seq = i.seq AND w.arrived_at = i.arrived_at
            RETURNING w.counter_id, w.key
        )
        INSERT INTO erased_windows SELECT DISTINCT counter_id, key FROM events;
        DELETE FROM erased_windows AS k WHERE EXISTS (
            SELECT FROM window_events AS w WHERE w.counter_id = k.counter_id AND w.key = k.key
        );
        DELETE FROM window_minutes AS m USING erased_windows AS k
        WHERE m.counter_id = k.counter_id AND m.key = k.key;
        DELETE FROM token_buckets AS b USING erased_windows AS k
        WHERE b.counter_id = k.counter_id AND b.key = k.key;

        DELETE FROM evaluations AS e USING erasure_items AS i
        WHERE i.erasure_id = wanted AND e.seq = i.seq;
        GET DIAGNOSTICS gone = ROW_COUNT;
        counts := counts || jsonb_build_object('evaluations', gone);
        DELETE FROM action_executions AS e USING erased_keys AS k
        WHERE e.type_id = k.type_id AND e.item_id = k.item_id;
        GET DIAGNOSTICS gone = ROW_COUNT;
        counts := counts || jsonb_build_object('actions', gone);

        WITH deleted AS (
            DELETE FROM jobs AS j USING erased_keys AS k
            WHERE j.type_id = k.type_id AND j.item_id = k.item_id RETURNING j.job_id
        )
        SELECT coalesce(array_agg(job_id), '{}') INTO job_ids FROM deleted;
        counts := counts || jsonb_build_object('jobs', cardinality(job_ids));
        DELETE FROM decisions WHERE job_id = ANY(job_ids);
        GET DIAGNOSTICS gone = ROW_COUNT;
        counts := counts || jsonb_build_object('decisions', gone);
        DELETE FROM routings WHERE job_id = ANY(job_ids);
        DELETE FROM labels AS l USING erased_keys AS k
        WHERE l.type_id = k.type_id AND l.item_id = k.item_id;
        GET DIAGNOSTICS gone = ROW_COUNT;
        counts := counts || jsonb_build_object('labels', gone);

        DELETE FROM reports AS r USING erased_keys AS k
        WHERE (r.type_id = k.type_id AND r.item_id = k.item_id)
            OR (r.author_type_id = k.type_id AND r.author_id = k.item_id);
        GET DIAGNOSTICS gone = ROW_COUNT;
        counts := counts || jsonb_build_object('reports', gone);
        WITH theirs AS (
            UPDATE reports SET reporter_id = 'erased', reason = NULL,
                invalidated_reason = NULL
            WHERE reporter_type_id = who.type_id AND reporter_id = who.item_id
            RETURNING report_id
        )
        SELECT coalesce(array_agg(report_id), '{}') INTO report_ids FROM theirs;
        counts := counts || jsonb_build_object('reportsMade', cardinality(report_ids));
        DELETE FROM appeals AS a USING erased_keys AS k
        WHERE (a.type_id = k.type_id AND a.item_id = k.item_id)
            OR (a.appealed_by_type_id = k.type_id AND a.appealed_by_id = k.item_id);
        GET DIAGNOSTICS gone = ROW_COUNT;
        counts := counts || jsonb_build_object('appeals', gone);
        UPDATE jobs SET xid = pg_current_xact_id(), sources = (
            SELECT coalesce(jsonb_agg(CASE
                WHEN strpos(s::text, named) = 0 THEN s
                ELSE jsonb_build_object('kind', s -> 'kind', 'reportId', s -> 'reportId',
                    'policyId', s -> 'policyId', 'at', s -> 'at', 'erased', true) END
                ORDER BY n), '[]')
            FROM jsonb_array_elements(sources) WITH ORDINALITY AS each(s, n)
        )
        WHERE strpos(sources::text, named) > 0;

        DELETE FROM facts AS f USING erased_keys AS k
        WHERE f.subject_type_id = k.type_id AND f.subject_id = k.item_id;
        GET DIAGNOSTICS gone = ROW_COUNT;
        counts := counts || jsonb_build_object('facts', gone);
        UPDATE facts AS f SET cause_type_id = NULL, cause_id = NULL, reason = ''
        FROM erased_keys AS k WHERE f.cause_type_id = k.type_id AND f.cause_id = k.item_id;

        WITH deleted AS (
            DELETE FROM outbox AS o USING erased_keys AS k
            WHERE o.item_type_id = k.type_id AND o.item_id = k.item_id RETURNING o.outbox_id
        )
        SELECT coalesce(array_agg(outbox_id), '{}') INTO outbox_ids FROM deleted;
        counts := counts || jsonb_build_object('webhooks', cardinality(outbox_ids));
        WITH blanked AS (
            UPDATE outbox SET body = '{}'
            WHERE state IN ('delivered', 'dead', 'cancelled')
                AND position(convert_to(named, 'UTF8') IN body) > 0
            RETURNING outbox_id
        )
        SELECT outbox_ids || coalesce(array_agg(outbox_id), '{}') INTO outbox_ids FROM blanked;
        DELETE FROM outbox_attempts WHERE outbox_id = ANY(outbox_ids);
        DELETE FROM media AS m USING erased_keys AS k
        WHERE m.type_id = k.type_id AND m.item_id = k.item_id;
        DELETE FROM snoozes AS s USING erased_keys AS k
        WHERE s.type_id = k.type_id AND s.item_id = k.item_id;
        DELETE FROM stream_refusals WHERE position(convert_to(named, 'UTF8') IN body) > 0;
        DELETE FROM submissions AS s USING erasure_items AS i
        WHERE i.erasure_id = wanted AND s.seq = i.seq AND s.arrived_at = i.arrived_at;
        GET DIAGNOSTICS gone = ROW_COUNT;
        RETURN counts || jsonb_build_object('submissions', gone);
    END $$;
GRANT CREATE ON SCHEMA public TO winnow_erase;
ALTER FUNCTION winnow_erase_listed(uuid) OWNER TO winnow_erase;
REVOKE CREATE ON SCHEMA public FROM winnow_erase;
REVOKE ALL ON FUNCTION winnow_erase_listed(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION winnow_erase_listed(uuid) TO winnow_app;
