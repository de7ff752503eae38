DROP INDEX protocol_events_by_reference;
CREATE INDEX protocol_events_by_reference ON protocol_events (reference);
DROP INDEX secrets_by_expiry;
CREATE INDEX secrets_by_expiry ON secrets (expires_at);
DROP INDEX services_by_purge;
CREATE INDEX services_by_purge ON services (purge_at);
DROP INDEX clients_by_purge;
CREATE INDEX clients_by_purge ON clients (purge_at);
