-- What a client is found by is one text: its name in lower case, and on a line below it the end of its identifier, which
-- makes it the company's only one. A search reads this index alone. The identifier's first 64 characters and the dot are
-- those of all clients of the company: nothing is found by them. The database makes it, also of what an older release writes
-- meanwhile.
--
-- COLLATE "C": the order is that of the characters' numbers, as on SQLite: some languages' orders look past spaces and the ends of lines.
ALTER TABLE clients
    ADD COLUMN search_key TEXT COLLATE "C" GENERATED ALWAYS AS (name_key || chr(10) || substr(client_id, 66)) STORED;
DROP INDEX clients_of_tenant_by_name;
CREATE INDEX clients_of_tenant_by_name ON clients (tenant_id, search_key);
