-- What tenant administrators, approvers and operators need: invitations, communities, test users, releases, second
-- factors, reminders. Instants are whole microseconds since 1970-01-01 UTC; ids are UUIDs in text.

ALTER TABLE tenants ADD COLUMN website_url TEXT NOT NULL DEFAULT '';
ALTER TABLE tenants ADD COLUMN contact_name TEXT NOT NULL DEFAULT '';
-- NULL: as long as the deployment keeps deleted things.
ALTER TABLE tenants ADD COLUMN grace_days INTEGER;
ALTER TABLE tenants ADD COLUMN second_factor_required BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tenants ADD COLUMN session_idle_minutes INTEGER NOT NULL DEFAULT 120;
ALTER TABLE tenants ADD COLUMN session_hours INTEGER NOT NULL DEFAULT 12;
ALTER TABLE tenants ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
-- The name as it is searched and sorted.
ALTER TABLE tenants ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE tenants SET name_key = lower(name);

ALTER TABLE accounts ADD COLUMN platform_approver BOOLEAN NOT NULL DEFAULT FALSE;
-- The sealed secret of a second factor, and the last time step that was accepted (RFC 6238 §5.2).
ALTER TABLE accounts ADD COLUMN totp_sealed BYTEA;
ALTER TABLE accounts ADD COLUMN totp_last_step BIGINT NOT NULL DEFAULT 0;
-- The kinds of mail that the person has switched off, a JSON array.
ALTER TABLE accounts ADD COLUMN muted_mail TEXT NOT NULL DEFAULT '[]';
-- The name as it is searched and sorted.
ALTER TABLE accounts ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE accounts SET name_key = lower(name);

-- Where the person works in a session; NULL: in the tenant joined first.
ALTER TABLE sessions ADD COLUMN tenant_id TEXT;

-- When the purge is due, as promised at the deletion: a changed grace period is for what is deleted later.
ALTER TABLE services ADD COLUMN purge_at BIGINT;
ALTER TABLE clients ADD COLUMN purge_at BIGINT;
UPDATE services SET purge_at = deleted_at + 1209600000000 WHERE deleted_at IS NOT NULL;
UPDATE clients SET purge_at = deleted_at + 1209600000000 WHERE deleted_at IS NOT NULL;
CREATE INDEX services_by_purge ON services (purge_at);
CREATE INDEX clients_by_purge ON clients (purge_at);

-- Who made a secret: reminders go there. NULL for those made before.
ALTER TABLE secrets ADD COLUMN created_by_id TEXT;
-- A rotation gave it its end: that is meant, and nobody is reminded of it.
ALTER TABLE secrets ADD COLUMN ends_by_rotation BOOLEAN NOT NULL DEFAULT FALSE;

-- Forms that came too late are told apart by it.
ALTER TABLE roles ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE scopes ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE TABLE recovery_codes (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    code_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX recovery_codes_of_account ON recovery_codes (account_id);

-- Who a person is at another OpenID provider.
CREATE TABLE external_identities (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    email TEXT NOT NULL,
    linked_at BIGINT NOT NULL,
    last_used_at BIGINT,
    UNIQUE (issuer, subject)
);
CREATE INDEX external_identities_of_account ON external_identities (account_id);

CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    developer BOOLEAN NOT NULL,
    approver BOOLEAN NOT NULL,
    administrator BOOLEAN NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    invited_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (tenant_id, email_key)
);

CREATE TABLE communities (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (tenant_id, name_key)
);

-- A tenant in a community: invited until it accepts, then joined. The tenant that made it is one of them.
CREATE TABLE community_tenants (
    community_id TEXT NOT NULL REFERENCES communities (id),
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    invited_by TEXT NOT NULL,
    invited_at BIGINT NOT NULL,
    joined_at BIGINT,
    PRIMARY KEY (community_id, tenant_id)
);
CREATE INDEX community_tenants_of_tenant ON community_tenants (tenant_id);

CREATE TABLE community_roles (
    id TEXT NOT NULL PRIMARY KEY,
    community_id TEXT NOT NULL REFERENCES communities (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    built_in BOOLEAN NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (community_id, name)
);

CREATE TABLE client_community_roles (
    client_uid TEXT NOT NULL REFERENCES clients (uid),
    role_id TEXT NOT NULL REFERENCES community_roles (id),
    PRIMARY KEY (client_uid, role_id)
);
CREATE INDEX client_community_roles_by_role ON client_community_roles (role_id);

CREATE TABLE member_community_roles (
    member_id TEXT NOT NULL REFERENCES members (id),
    role_id TEXT NOT NULL REFERENCES community_roles (id),
    PRIMARY KEY (member_id, role_id)
);
CREATE INDEX member_community_roles_by_role ON member_community_roles (role_id);

-- Who may sign in through a service's clients while it is in sandbox.
CREATE TABLE test_users (
    id TEXT NOT NULL PRIMARY KEY,
    service_id TEXT NOT NULL REFERENCES services (id),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    added_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (service_id, email_key)
);

-- A request to release a service: what the approver judges is kept as it was shown, with its hash.
-- waits_for holds the service while the request waits: a service has one waiting request at most.
CREATE TABLE release_requests (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    service_id TEXT NOT NULL REFERENCES services (id),
    waits_for TEXT UNIQUE,
    state TEXT NOT NULL,
    requested_by TEXT NOT NULL REFERENCES accounts (id),
    requester_name TEXT NOT NULL,
    message TEXT NOT NULL,
    evidence TEXT NOT NULL,
    evidence_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    decided_by TEXT,
    decider_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX release_requests_of_tenant ON release_requests (tenant_id, state, created_at);
CREATE INDEX release_requests_of_service ON release_requests (service_id, created_at);

-- What changed at a live service's clients since an approver last looked.
CREATE TABLE changes_to_review (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    service_id TEXT NOT NULL REFERENCES services (id),
    client_uid TEXT NOT NULL,
    client_name TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_by_name TEXT NOT NULL,
    field TEXT NOT NULL,
    value_before TEXT NOT NULL,
    value_after TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX changes_to_review_of_tenant ON changes_to_review (tenant_id, service_id, created_at);
CREATE INDEX changes_to_review_of_service ON changes_to_review (service_id, created_at);

-- Reminders that were written: each of them once, whatever restarts.
CREATE TABLE reminders (
    about TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);
CREATE INDEX reminders_by_age ON reminders (created_at);

-- How each job's last run went.
CREATE TABLE job_runs (
    name TEXT NOT NULL PRIMARY KEY,
    began_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    succeeded_at BIGINT,
    outcome TEXT NOT NULL
);

CREATE INDEX client_roles_by_role ON client_roles (role_id);
CREATE INDEX secrets_by_expiry ON secrets (expires_at);

-- The audit log is read in the order of time, and by what was done.
DROP INDEX audit_of_tenant;
CREATE INDEX audit_of_tenant ON audit_events (tenant_id, at, seq);
CREATE INDEX audit_by_action ON audit_events (tenant_id, action, at, seq);
