-- A search among the clients of one tenant reads this index alone.
DROP INDEX clients_of_tenant_by_name;
CREATE INDEX clients_of_tenant_by_name ON clients (tenant_id, name_key, uid, client_id);
