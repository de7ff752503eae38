-- What the OAuth 2.0 and OpenID Connect endpoints keep. Codes and tokens stand here as SHA-256 alone. Instants are whole
-- microseconds since 1970-01-01 UTC; ids are UUIDs in text; lists are JSON arrays in text.

-- The public keys with which a client may sign its assertions (RFC 7523).
CREATE TABLE client_keys (
    id TEXT NOT NULL PRIMARY KEY,
    client_uid TEXT NOT NULL REFERENCES clients (uid) ON DELETE CASCADE,
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    jwk TEXT NOT NULL,
    thumbprint TEXT NOT NULL,
    added_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (client_uid, thumbprint)
);

-- A key signs from active_from until a younger one of its algorithm does; the private half is sealed by the key file.
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    sealed_private BLOB NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    active_from BIGINT NOT NULL
);

-- Authorization requests that wait: pushed by a client (RFC 9126), or for the user to sign in or to consent.
CREATE TABLE authorization_requests (
    id_hash TEXT NOT NULL PRIMARY KEY,
    client_uid TEXT NOT NULL REFERENCES clients (uid) ON DELETE CASCADE,
    pushed BOOLEAN NOT NULL,
    parameters TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX authorization_requests_by_expiry ON authorization_requests (expires_at);
CREATE INDEX authorization_requests_of_client ON authorization_requests (client_uid);

-- What a user let a client do, once: the code, the access tokens and the family of refresh tokens belong to it, and end
-- with it.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    client_uid TEXT NOT NULL REFERENCES clients (uid) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    scopes TEXT NOT NULL,
    environment TEXT NOT NULL,
    redirect_url TEXT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    second_factor BOOLEAN NOT NULL,
    nonce TEXT NOT NULL,
    claims TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX grants_of_client ON grants (client_uid);
CREATE INDEX grants_of_account ON grants (account_id, client_uid);
CREATE INDEX grants_by_expiry ON grants (expires_at);

CREATE TABLE authorization_codes (
    code_hash TEXT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL UNIQUE REFERENCES grants (id) ON DELETE CASCADE,
    redirect_url_given BOOLEAN NOT NULL,
    code_challenge TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    redeemed_at BIGINT
);

-- live_of holds the grant while the token lives: a family has one live token at most.
CREATE TABLE refresh_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    grant_id TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    live_of TEXT UNIQUE,
    created_at BIGINT NOT NULL
);
CREATE INDEX refresh_tokens_of_grant ON refresh_tokens (grant_id);

-- Access tokens that were revoked before their end.
CREATE TABLE revoked_tokens (
    jti TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

-- Assertions that were used already (RFC 7523 §3, jti).
CREATE TABLE used_assertions (
    id_hash TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

-- What a user consented to, remembered until they revoke it.
CREATE TABLE consents (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    client_uid TEXT NOT NULL REFERENCES clients (uid) ON DELETE CASCADE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, client_uid)
);
CREATE INDEX consents_of_client ON consents (client_uid);

-- What happened at the endpoints, for the developers of the client; kept for a while, and not all of it under load.
CREATE TABLE protocol_events (
    id TEXT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    client_uid TEXT,
    at BIGINT NOT NULL,
    endpoint TEXT NOT NULL,
    attempted TEXT NOT NULL,
    fault TEXT NOT NULL,
    expected TEXT NOT NULL,
    received TEXT NOT NULL,
    network TEXT NOT NULL
);
CREATE INDEX protocol_events_of_client ON protocol_events (client_uid, at);
CREATE INDEX protocol_events_by_reference ON protocol_events (reference);
CREATE INDEX protocol_events_by_age ON protocol_events (at);

-- Answers of each hour: microseconds since 1970 of its beginning.
CREATE TABLE client_usage (
    client_uid TEXT NOT NULL REFERENCES clients (uid) ON DELETE CASCADE,
    hour BIGINT NOT NULL,
    granted BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    PRIMARY KEY (client_uid, hour)
);

-- From where a secret was accepted on each day: microseconds since 1970 of its beginning.
CREATE TABLE secret_usage (
    secret_id TEXT NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
    day BIGINT NOT NULL,
    network TEXT NOT NULL,
    accepted BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (secret_id, day, network)
);

-- Initial access tokens (RFC 7591 §3): whoever holds one may register clients of one service.
CREATE TABLE registration_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    service_id TEXT NOT NULL REFERENCES services (id) ON DELETE CASCADE,
    description TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    issued_by TEXT NOT NULL REFERENCES accounts (id),
    issued_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX registration_tokens_of_tenant ON registration_tokens (tenant_id);
CREATE INDEX registration_tokens_of_service ON registration_tokens (service_id);

-- Registration access tokens (RFC 7592): each manages the one client that was registered with it.
CREATE TABLE registered_clients (
    client_uid TEXT NOT NULL PRIMARY KEY REFERENCES clients (uid) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    registered_with TEXT NOT NULL,
    issued_by TEXT NOT NULL REFERENCES accounts (id),
    auth_method TEXT NOT NULL,
    application_type TEXT NOT NULL
);
