DROP INDEX clients_of_tenant_by_name;
UPDATE clients SET name_key = substr(name_key, 1, instr(name_key || char(10), char(10)) - 1);
CREATE INDEX clients_of_tenant_by_name ON clients (tenant_id, name_key, uid, client_id);
