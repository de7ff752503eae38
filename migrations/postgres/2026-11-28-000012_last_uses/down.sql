UPDATE clients SET last_used_at = (SELECT at FROM client_last_uses WHERE client_uid = clients.uid);
UPDATE secrets SET last_used_at = (SELECT at FROM secret_last_uses WHERE secret_id = secrets.id);
DROP TABLE secret_last_uses;
DROP TABLE client_last_uses;
