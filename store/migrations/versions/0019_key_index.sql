-- What all counters hold of one key lies together, with all that they read of it: one scan of the
-- index answers every question about a key. Builds the index anew, about two seconds a million
-- events.
ALTER TABLE window_events DROP CONSTRAINT window_events_pkey;
ALTER TABLE window_events ADD CONSTRAINT window_events_pkey
    PRIMARY KEY (org_id, key, counter_id, arrived_at, seq) INCLUDE (value, member);

-- Only what vacuum has seen is read from the index alone.
ALTER TABLE window_events SET (autovacuum_vacuum_insert_scale_factor = 0.05);
