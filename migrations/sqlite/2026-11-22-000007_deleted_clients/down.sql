DROP INDEX clients_of_tenant_deleted;
CREATE INDEX clients_of_tenant_deleted ON clients (tenant_id, deleted_at);
