-- The clients of a service are always asked for with their company, by name: an index that has both, and the order, is read
-- as it stands. Without the company in it SQLite took the company's own index instead, and looked at all of its clients.
DROP INDEX clients_of_service;
CREATE INDEX clients_of_service ON clients (service_id, tenant_id, name_key, uid, status);
