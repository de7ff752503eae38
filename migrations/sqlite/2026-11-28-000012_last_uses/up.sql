-- Marks of last use move all the time, what they are about hardly ever: in tables of their own they are small, and leave the
-- others' pages as they are. PostgreSQL searches clients by an index alone only where nothing on their pages has moved. Those
-- of a tenant's clients are found together: its lists read them. The former columns stay as long as an instance may serve that
-- knows no others; what it marks there meanwhile is marked here with the next use.
--
-- PostgreSQL removes what depends on a row in the order of the foreign keys' ages, and after a dump of their names: usage
-- comes first, as it does for those who write it. Another order could end in a deadlock.
CREATE TABLE client_last_uses (
    tenant_id TEXT NOT NULL,
    client_uid TEXT NOT NULL CONSTRAINT client_usage_then_last_uses REFERENCES clients (uid) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, client_uid)
) WITHOUT ROWID;
CREATE TABLE secret_last_uses (
    secret_id TEXT NOT NULL PRIMARY KEY CONSTRAINT secret_usage_then_last_uses REFERENCES secrets (id) ON DELETE CASCADE,
    at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO client_last_uses (tenant_id, client_uid, at) SELECT tenant_id, uid, last_used_at FROM clients WHERE last_used_at IS NOT NULL ORDER BY tenant_id, uid;
INSERT INTO secret_last_uses (secret_id, at) SELECT id, last_used_at FROM secrets WHERE last_used_at IS NOT NULL ORDER BY id;
-- For the foreign key.
CREATE INDEX client_last_uses_of_client ON client_last_uses (client_uid);
