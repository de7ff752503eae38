DROP INDEX clients_of_service;
CREATE INDEX clients_of_service ON clients (service_id, name_key, status);
