-- What the queues' figures and the first page read by, with millions of rows behind them.
CREATE INDEX jobs_leased_idx ON jobs (org_id, leased_until) WHERE leased_until IS NOT NULL;
CREATE INDEX evaluations_matched_idx ON evaluations (org_id, arrived_at)
    WHERE outcomes <> '[]'::jsonb;
