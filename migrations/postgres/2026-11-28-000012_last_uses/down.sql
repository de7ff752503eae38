UPDATE clients SET last_used_at = (SELECT at FROM client_last_uses WHERE client_uid = clients.uid)
    WHERE EXISTS (SELECT 1 FROM client_last_uses WHERE client_uid = clients.uid AND at > coalesce(clients.last_used_at, 0));
UPDATE secrets SET last_used_at = (SELECT at FROM secret_last_uses WHERE secret_id = secrets.id)
    WHERE EXISTS (SELECT 1 FROM secret_last_uses WHERE secret_id = secrets.id AND at > coalesce(secrets.last_used_at, 0));
DROP TABLE secret_last_uses;
DROP TABLE client_last_uses;
