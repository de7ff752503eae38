-- What a client is found by is one text: its name in lower case, and on a line below it the end of its identifier, which
-- makes it the company's only one. A search reads this index alone, which has nothing else in it. The identifier's first 64
-- characters and the dot are those of all clients of the company: nothing is found by them.
ALTER TABLE clients ADD COLUMN search_key TEXT GENERATED ALWAYS AS (name_key || char(10) || substr(client_id, 66)) VIRTUAL;
DROP INDEX clients_of_tenant_by_name;
CREATE INDEX clients_of_tenant_by_name ON clients (tenant_id, search_key);
