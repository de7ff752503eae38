-- What ends is looked at in the order in which it ends: many things may end at once, and their order is in the index too.
DROP INDEX clients_by_purge;
CREATE INDEX clients_by_purge ON clients (purge_at, uid);
DROP INDEX services_by_purge;
CREATE INDEX services_by_purge ON services (purge_at, id);
DROP INDEX secrets_by_expiry;
CREATE INDEX secrets_by_expiry ON secrets (expires_at, id);
-- Only refusals are asked for by their reference; what is granted, which is nearly all, need not be entered here.
DROP INDEX protocol_events_by_reference;
CREATE INDEX protocol_events_by_reference ON protocol_events (reference) WHERE fault <> '';
