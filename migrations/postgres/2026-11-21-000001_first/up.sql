-- Instants are whole microseconds since 1970-01-01 UTC; ids are UUIDs in text; lists are JSON arrays in text.
-- The twin of this file for the other database differs in column types alone.

CREATE TABLE tenants (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    client_id_prefix TEXT NOT NULL UNIQUE,
    operates BOOLEAN NOT NULL,
    developers_may_add_machine_clients BOOLEAN NOT NULL,
    legacy_grants BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    operator BOOLEAN NOT NULL,
    activated_at BIGINT,
    password_changed_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE members (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    developer BOOLEAN NOT NULL,
    approver BOOLEAN NOT NULL,
    administrator BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, tenant_id)
);
CREATE INDEX members_of_tenant ON members (tenant_id);

-- The cookie holds the key, this table its SHA-256: who reads the table can't sign in with it.
CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    key_hash TEXT NOT NULL UNIQUE,
    account_id TEXT REFERENCES accounts (id),
    state TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_account ON sessions (account_id);
CREATE INDEX sessions_by_expiry ON sessions (last_seen_at);

-- A code sent by mail counts only together with the half that the asking browser keeps in a cookie.
CREATE TABLE mailed_codes (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    account_id TEXT REFERENCES accounts (id),
    code_hash TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE setup_links (
    token_hash TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- Failures per account and per address; a bucket is blocked until the instant named.
CREATE TABLE throttles (
    bucket TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_failure_at BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL
);

CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    sealed_body BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (next_attempt_at);

CREATE TABLE services (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    domain TEXT NOT NULL,
    description TEXT NOT NULL,
    privacy_policy_url TEXT NOT NULL,
    terms_url TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    logo_digest TEXT,
    status TEXT NOT NULL,
    status_before_deletion TEXT,
    deleted_at BIGINT,
    environment TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX services_of_tenant ON services (tenant_id, name_key);
CREATE INDEX services_deleted ON services (deleted_at);

CREATE TABLE logos (
    service_id TEXT NOT NULL PRIMARY KEY REFERENCES services (id),
    content_type TEXT NOT NULL,
    bytes BYTEA NOT NULL
);

CREATE TABLE clients (
    uid TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    service_id TEXT NOT NULL REFERENCES services (id),
    client_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    client_type TEXT NOT NULL,
    grant_types TEXT NOT NULL,
    response_types TEXT NOT NULL,
    redirect_urls TEXT NOT NULL,
    logout_redirect_urls TEXT NOT NULL,
    cors_origins TEXT NOT NULL,
    website_url TEXT NOT NULL,
    privacy_policy_url TEXT NOT NULL,
    terms_url TEXT NOT NULL,
    scopes TEXT NOT NULL,
    token_lifetime INTEGER NOT NULL,
    require_consent BOOLEAN NOT NULL,
    require_pkce BOOLEAN NOT NULL,
    id_token_signing TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    default_purpose TEXT,
    status TEXT NOT NULL,
    status_before_deletion TEXT,
    deleted_at BIGINT,
    deleted_with_service BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX clients_of_tenant_by_name ON clients (tenant_id, name_key, uid);
CREATE INDEX clients_of_tenant_by_age ON clients (tenant_id, created_at, uid);
CREATE INDEX clients_of_service ON clients (service_id, name_key);
CREATE INDEX clients_deleted ON clients (deleted_at);

-- Outlives the client and its purge: an identifier once issued is never issued again.
CREATE TABLE used_client_ids (
    client_id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    issued_at BIGINT NOT NULL
);

CREATE TABLE roles (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    built_in BOOLEAN NOT NULL,
    UNIQUE (tenant_id, name)
);

CREATE TABLE client_roles (
    client_uid TEXT NOT NULL REFERENCES clients (uid),
    role_id TEXT NOT NULL REFERENCES roles (id),
    PRIMARY KEY (client_uid, role_id)
);

CREATE TABLE scopes (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    built_in BOOLEAN NOT NULL,
    UNIQUE (tenant_id, name)
);

CREATE TABLE secrets (
    id TEXT NOT NULL PRIMARY KEY,
    client_uid TEXT NOT NULL REFERENCES clients (uid),
    environment TEXT NOT NULL,
    description TEXT NOT NULL,
    hash TEXT NOT NULL,
    last_four TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT
);
CREATE INDEX secrets_of_client ON secrets (client_uid);

-- A ticket is the right to show a secret once; showing it removes the row.
CREATE TABLE reveals (
    id TEXT NOT NULL PRIMARY KEY,
    secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    expires_at BIGINT NOT NULL
);
CREATE INDEX reveals_of_secret ON reveals (secret_id);

-- What a form has made already, by the token the form was served with: a double click makes one thing.
CREATE TABLE submissions (
    token TEXT NOT NULL PRIMARY KEY,
    made TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX submissions_by_age ON submissions (created_at);

CREATE TABLE audit_events (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    tenant_id TEXT,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT NOT NULL,
    service_id TEXT,
    client_uid TEXT,
    target_version INTEGER,
    changes TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_of_tenant ON audit_events (tenant_id, seq);
CREATE INDEX audit_of_service ON audit_events (service_id, seq);
CREATE INDEX audit_of_client ON audit_events (client_uid, seq);

-- One row: the end of the chain. Writing an event locks it, so that several writers leave one chain.
CREATE TABLE audit_head (
    id INTEGER NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
