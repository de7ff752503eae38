-- What the start page shows of a company is found through the company, however many others there are: the secrets that end
-- soon, and the clients that were deleted. A secret that an older release writes meanwhile has no tenant, and is not listed.
ALTER TABLE secrets ADD COLUMN tenant_id TEXT;
UPDATE secrets SET tenant_id = (SELECT clients.tenant_id FROM clients WHERE clients.uid = secrets.client_uid);
CREATE INDEX secrets_of_tenant_by_expiry ON secrets (tenant_id, expires_at);
CREATE INDEX clients_of_tenant_deleted ON clients (tenant_id, deleted_at);
-- Nobody asks any more for what was deleted without saying where; the purge goes by its own instant.
DROP INDEX clients_deleted;
DROP INDEX services_deleted;
-- Counting the clients of a service reads this index alone.
DROP INDEX clients_of_service;
CREATE INDEX clients_of_service ON clients (service_id, name_key, status);
