DROP INDEX clients_of_tenant_by_name;
ALTER TABLE clients ALTER COLUMN name_key TYPE TEXT COLLATE "default" USING split_part(name_key, chr(10), 1);
CREATE INDEX clients_of_tenant_by_name ON clients (tenant_id, name_key, uid, client_id);
