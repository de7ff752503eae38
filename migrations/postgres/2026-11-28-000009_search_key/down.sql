DROP INDEX clients_of_tenant_by_name;
CREATE INDEX clients_of_tenant_by_name ON clients (tenant_id, name_key, uid, client_id);
ALTER TABLE clients DROP COLUMN search_key;
