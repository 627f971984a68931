-- Deletes by what is known of how much there is: without figures about the list, the planner takes
-- it for a few rows, and goes through every counter's events once for each of them.
DROP FUNCTION winnow_erase_listed(uuid);

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
        CREATE TEMPORARY TABLE erased_places ON COMMIT DROP AS
            SELECT seq, arrived_at FROM erasure_items WHERE erasure_id = wanted AND seq > 0;
        CREATE TEMPORARY TABLE erased_keys ON COMMIT DROP AS
            SELECT DISTINCT type_id, item_id FROM erasure_items WHERE erasure_id = wanted;
        ANALYZE erased_places, erased_keys;
        CREATE TEMPORARY TABLE erased_windows (counter_id integer, key text) ON COMMIT DROP;

        DELETE FROM pending AS p USING erased_places AS i WHERE p.seq = i.seq;
        WITH events AS (
            DELETE FROM window_events AS w USING erased_places AS i
            WHERE w.seq = i.seq AND w.arrived_at = i.arrived_at
            RETURNING w.counter_id, w.key
        )
        INSERT INTO erased_windows SELECT DISTINCT counter_id, key FROM events;
        ANALYZE erased_windows;
        DELETE FROM erased_windows AS k WHERE EXISTS (
            SELECT FROM window_events AS w WHERE w.counter_id = k.counter_id AND w.key = k.key
        );
        DELETE FROM window_minutes AS m USING erased_windows AS k
        WHERE m.counter_id = k.counter_id AND m.key = k.key;
        DELETE FROM token_buckets AS b USING erased_windows AS k
        WHERE b.counter_id = k.counter_id AND b.key = k.key;

        DELETE FROM evaluations AS e USING erased_places AS i WHERE e.seq = i.seq;
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

        DELETE FROM reports
        WHERE (type_id, item_id) IN (SELECT type_id, item_id FROM erased_keys)
            OR (author_type_id, author_id) IN (SELECT type_id, item_id FROM erased_keys);
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
        DELETE FROM appeals
        WHERE (type_id, item_id) IN (SELECT type_id, item_id FROM erased_keys)
            OR (appealed_by_type_id, appealed_by_id) IN (SELECT type_id, item_id FROM erased_keys);
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
        DELETE FROM submissions AS s USING erased_places AS i
        WHERE s.seq = i.seq AND s.arrived_at = i.arrived_at;
        GET DIAGNOSTICS gone = ROW_COUNT;
        RETURN counts || jsonb_build_object('submissions', gone);
    END $$;
GRANT CREATE ON SCHEMA public TO winnow_erase;
ALTER FUNCTION winnow_erase_listed(uuid) OWNER TO winnow_erase;
REVOKE CREATE ON SCHEMA public FROM winnow_erase;
REVOKE ALL ON FUNCTION winnow_erase_listed(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION winnow_erase_listed(uuid) TO winnow_app;
