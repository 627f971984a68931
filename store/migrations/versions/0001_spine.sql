-- Every key starts with org_id. Times are timestamptz in UTC. Ids are text unless they are uuid.

CREATE TABLE orgs (
    org_id integer GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    settings jsonb DEFAULT '{}' NOT NULL,
    config_version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT orgs_pkey PRIMARY KEY (org_id),
    CONSTRAINT orgs_name_key UNIQUE (name)
);

CREATE TABLE org_clock (
    org_id integer NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    at timestamptz DEFAULT '-infinity' NOT NULL,
    counters_version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT org_clock_pkey PRIMARY KEY (org_id)
);

-- One person belongs to one organisation: an e-mail address signs in to exactly one account.
CREATE TABLE users (
    org_id integer NOT NULL,
    user_id text NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    password_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    CONSTRAINT users_pkey PRIMARY KEY (org_id, user_id),
    CONSTRAINT users_org_id_fkey FOREIGN KEY (org_id) REFERENCES orgs (org_id)
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TABLE sessions (
    org_id integer NOT NULL,
    token_hash bytea NOT NULL,
    user_id text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (org_id, token_hash),
    CONSTRAINT sessions_user_fkey FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, user_id)
);
CREATE UNIQUE INDEX sessions_token_hash_key ON sessions (token_hash);
CREATE INDEX sessions_user_idx ON sessions (org_id, user_id);

-- Counted before anybody knows whose the address is, so always for organisation 0, which is nobody's.
CREATE TABLE sign_in_failures (
    org_id integer NOT NULL,
    email text NOT NULL,
    failures integer NOT NULL,
    last_failed_at timestamptz NOT NULL,
    CONSTRAINT sign_in_failures_pkey PRIMARY KEY (org_id, email)
);
CREATE INDEX sign_in_failures_last_failed_at_idx ON sign_in_failures (org_id, last_failed_at);

CREATE TABLE api_keys (
    org_id integer NOT NULL,
    key_id text NOT NULL,
    name text NOT NULL,
    prefix text NOT NULL,
    key_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (org_id, key_id),
    CONSTRAINT api_keys_org_id_fkey FOREIGN KEY (org_id) REFERENCES orgs (org_id)
);
CREATE UNIQUE INDEX api_keys_key_hash_key ON api_keys (key_hash);

CREATE TABLE signing_keys (
    org_id integer NOT NULL,
    key_id text NOT NULL,
    private_key_encrypted bytea NOT NULL,
    public_key_pem text NOT NULL,
    webhook_secret_encrypted bytea NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (org_id, key_id),
    CONSTRAINT signing_keys_org_id_fkey FOREIGN KEY (org_id) REFERENCES orgs (org_id)
);

-- Append-only: an edit is the next version, a deletion is a version that says so.
CREATE TABLE config_versions (
    org_id integer NOT NULL,
    kind text NOT NULL,
    object_id text NOT NULL,
    version integer NOT NULL,
    config_version bigint NOT NULL,
    name text NOT NULL,
    document jsonb NOT NULL,
    author text NOT NULL,
    reason text NOT NULL,
    deleted boolean NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT config_versions_pkey PRIMARY KEY (org_id, kind, object_id, version)
);
CREATE INDEX config_versions_config_version_idx ON config_versions (org_id, config_version);

CREATE TABLE config_heads (
    org_id integer NOT NULL,
    kind text NOT NULL,
    object_id text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    deleted boolean NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT config_heads_pkey PRIMARY KEY (org_id, kind, object_id),
    CONSTRAINT config_heads_version_fkey FOREIGN KEY (org_id, kind, object_id, version)
        REFERENCES config_versions (org_id, kind, object_id, version)
);
CREATE UNIQUE INDEX config_heads_name_key ON config_heads (org_id, kind, name) WHERE NOT deleted;

CREATE TABLE counters (
    org_id integer NOT NULL,
    counter_id integer NOT NULL,
    identity text NOT NULL,
    type_id text NOT NULL,
    definition jsonb NOT NULL,
    window_us bigint NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT counters_pkey PRIMARY KEY (org_id, counter_id),
    CONSTRAINT counters_identity_key UNIQUE (org_id, identity)
);

-- `json`, not `jsonb`: what the platform sent is kept to the letter, NUL and key order included.
CREATE TABLE submissions (
    org_id integer NOT NULL,
    arrived_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    submission_id uuid NOT NULL,
    type_id text NOT NULL,
    type_version integer NOT NULL,
    item_id text NOT NULL,
    creator_type_id text,
    creator_id text,
    data json NOT NULL,
    source text NOT NULL,
    CONSTRAINT submissions_pkey PRIMARY KEY (org_id, arrived_at, seq)
) PARTITION BY RANGE (arrived_at);
CREATE INDEX submissions_item_idx ON submissions (org_id, type_id, item_id, arrived_at);
CREATE INDEX submissions_creator_idx
    ON submissions (org_id, creator_type_id, creator_id, arrived_at);
CREATE TABLE submissions_default PARTITION OF submissions DEFAULT;

CREATE TABLE window_events (
    org_id integer NOT NULL,
    counter_id integer NOT NULL,
    key text NOT NULL,
    arrived_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    value double precision,
    CONSTRAINT window_events_pkey PRIMARY KEY (org_id, counter_id, key, arrived_at, seq)
);

CREATE TABLE pending (
    org_id integer NOT NULL,
    seq bigint NOT NULL,
    arrived_at timestamptz NOT NULL,
    leased_until timestamptz,
    lease_id uuid,
    attempts integer DEFAULT 0 NOT NULL,
    last_error text,
    set_aside_at timestamptz,
    CONSTRAINT pending_pkey PRIMARY KEY (org_id, seq)
);

-- `xid` lets the lake copy up to a transaction horizon: ids and times commit out of order.
CREATE TABLE evaluations (
    org_id integer NOT NULL,
    seq bigint NOT NULL,
    arrived_at timestamptz NOT NULL,
    submission_id uuid NOT NULL,
    type_id text NOT NULL,
    config_version bigint NOT NULL,
    evaluated_at timestamptz NOT NULL,
    outcomes jsonb NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT evaluations_pkey PRIMARY KEY (org_id, seq)
);
CREATE INDEX evaluations_arrived_at_idx ON evaluations (org_id, arrived_at);
CREATE INDEX evaluations_xid_idx ON evaluations (org_id, xid);

CREATE TABLE action_executions (
    org_id integer NOT NULL,
    execution_id uuid NOT NULL,
    seq bigint,
    arrived_at timestamptz,
    submission_id uuid,
    action_id text NOT NULL,
    action_version integer NOT NULL,
    type_id text NOT NULL,
    item_id text NOT NULL,
    source text NOT NULL,
    rules jsonb NOT NULL,
    policies jsonb NOT NULL,
    actor text NOT NULL,
    dedupe_key text NOT NULL,
    created_at timestamptz NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT action_executions_pkey PRIMARY KEY (org_id, execution_id),
    CONSTRAINT action_executions_dedupe_key UNIQUE (org_id, dedupe_key)
);
CREATE INDEX action_executions_item_idx
    ON action_executions (org_id, type_id, item_id, created_at);
CREATE INDEX action_executions_created_at_idx ON action_executions (org_id, created_at);
CREATE INDEX action_executions_xid_idx ON action_executions (org_id, xid);

CREATE TABLE outbox (
    org_id integer NOT NULL,
    outbox_id uuid NOT NULL,
    idempotency_key text NOT NULL,
    kind text NOT NULL,
    action_id text,
    url text NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    leased_until timestamptz,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz,
    CONSTRAINT outbox_pkey PRIMARY KEY (org_id, outbox_id),
    CONSTRAINT outbox_idempotency_key UNIQUE (org_id, idempotency_key),
    CONSTRAINT outbox_state_check
        CHECK (state IN ('pending', 'leased', 'delivered', 'dead', 'cancelled'))
);
CREATE INDEX outbox_due_idx ON outbox (org_id, next_attempt_at) WHERE state = 'pending';
CREATE INDEX outbox_leased_idx ON outbox (org_id, leased_until) WHERE state = 'leased';
CREATE INDEX outbox_created_at_idx ON outbox (org_id, created_at);

CREATE TABLE outbox_attempts (
    org_id integer NOT NULL,
    outbox_id uuid NOT NULL,
    attempt integer NOT NULL,
    started_at timestamptz NOT NULL,
    latency_ms double precision NOT NULL,
    status integer,
    error text,
    response text,
    CONSTRAINT outbox_attempts_pkey PRIMARY KEY (org_id, outbox_id, attempt)
);

CREATE TABLE jobs (
    org_id integer NOT NULL,
    job_id uuid NOT NULL,
    queue_id text NOT NULL,
    kind text NOT NULL,
    type_id text NOT NULL,
    item_id text NOT NULL,
    seq bigint,
    arrived_at timestamptz,
    state text NOT NULL,
    enqueued_at timestamptz NOT NULL,
    sources jsonb NOT NULL,
    policy_ids jsonb DEFAULT '[]' NOT NULL,
    leased_by text,
    lease_token uuid,
    leased_until timestamptz,
    skipped_by jsonb DEFAULT '[]' NOT NULL,
    decided_at timestamptz,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT jobs_pkey PRIMARY KEY (org_id, job_id),
    CONSTRAINT jobs_kind_check CHECK (kind IN ('DEFAULT', 'APPEAL', 'NCMEC')),
    CONSTRAINT jobs_state_check CHECK (state IN ('open', 'decided', 'closed'))
);
CREATE UNIQUE INDEX jobs_open_item_key ON jobs (org_id, type_id, item_id) WHERE state = 'open';
CREATE INDEX jobs_open_idx ON jobs (org_id, queue_id, enqueued_at) WHERE state = 'open';
CREATE INDEX jobs_item_idx ON jobs (org_id, type_id, item_id, enqueued_at);
CREATE INDEX jobs_queue_idx ON jobs (org_id, queue_id, decided_at);
CREATE INDEX jobs_xid_idx ON jobs (org_id, xid);

CREATE TABLE decisions (
    org_id integer NOT NULL,
    decision_id uuid NOT NULL,
    job_id uuid NOT NULL,
    kind text NOT NULL,
    action_ids jsonb NOT NULL,
    policy_ids jsonb NOT NULL,
    parameters jsonb NOT NULL,
    reason text NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL,
    claimed_at timestamptz,
    undone_at timestamptz,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT decisions_pkey PRIMARY KEY (org_id, decision_id)
);
CREATE INDEX decisions_job_idx ON decisions (org_id, job_id);
CREATE INDEX decisions_decided_at_idx ON decisions (org_id, decided_at);
CREATE INDEX decisions_xid_idx ON decisions (org_id, xid);

CREATE TABLE backtests (
    org_id integer NOT NULL,
    backtest_id uuid NOT NULL,
    request jsonb NOT NULL,
    state text NOT NULL,
    progress jsonb DEFAULT '{}' NOT NULL,
    report jsonb,
    digest text,
    error text,
    requested_by text NOT NULL,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT backtests_pkey PRIMARY KEY (org_id, backtest_id),
    CONSTRAINT backtests_state_check
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled'))
);
CREATE INDEX backtests_created_at_idx ON backtests (org_id, created_at);
CREATE INDEX backtests_queued_idx ON backtests (org_id, created_at) WHERE state = 'queued';

CREATE TABLE labels (
    org_id integer NOT NULL,
    label_id uuid NOT NULL,
    type_id text NOT NULL,
    item_id text NOT NULL,
    seq bigint,
    policy_id text,
    violating boolean NOT NULL,
    source text NOT NULL,
    reviewer text NOT NULL,
    inclusion_probability double precision,
    created_at timestamptz NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT labels_pkey PRIMARY KEY (org_id, label_id),
    CONSTRAINT labels_source_check
        CHECK (source IN ('review', 'appeal', 'golden', 'audit', 'import', 'second_review'))
);
CREATE INDEX labels_item_idx ON labels (org_id, type_id, item_id, created_at);
CREATE INDEX labels_xid_idx ON labels (org_id, xid);

CREATE TABLE lake_exports (
    org_id integer NOT NULL,
    table_name text NOT NULL,
    watermark text NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT lake_exports_pkey PRIMARY KEY (org_id, table_name)
);

CREATE TABLE audit_log (
    org_id integer NOT NULL,
    n bigint NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    event text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    detail json NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    CONSTRAINT audit_log_pkey PRIMARY KEY (org_id, n)
);
CREATE INDEX audit_log_at_idx ON audit_log (org_id, at);
CREATE INDEX audit_log_subject_idx ON audit_log (org_id, subject_kind, subject_id);
