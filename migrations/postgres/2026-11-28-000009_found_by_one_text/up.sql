-- What a client is found by is one text: its name in lower case, and on a line below it the end of its identifier, which
-- makes it the company's only one. A search reads this index alone. The identifier's first 64 characters and the dot are
-- those of all clients of the company: nothing is found by them. A client that an older release writes meanwhile is found by
-- its name alone, until it is next changed.
--
-- The order is that of the characters' numbers, as on SQLite: languages' orders look past the end of a line.
DROP INDEX clients_of_tenant_by_name;
ALTER TABLE clients
    ALTER COLUMN name_key TYPE TEXT COLLATE "C" USING name_key || chr(10) || substr(client_id, 66);
CREATE INDEX clients_of_tenant_by_name ON clients (tenant_id, name_key) INCLUDE (uid);
