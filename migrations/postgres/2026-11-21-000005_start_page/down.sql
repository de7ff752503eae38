DROP INDEX clients_of_service;
CREATE INDEX clients_of_service ON clients (service_id, name_key);
CREATE INDEX services_deleted ON services (deleted_at);
CREATE INDEX clients_deleted ON clients (deleted_at);
DROP INDEX clients_of_tenant_deleted;
DROP INDEX secrets_of_tenant_by_expiry;
ALTER TABLE secrets DROP COLUMN tenant_id;
