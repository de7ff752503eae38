DROP INDEX grants_of_account;
CREATE INDEX grants_of_account ON grants (account_id, client_uid);
