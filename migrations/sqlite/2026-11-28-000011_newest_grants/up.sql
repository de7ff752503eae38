-- Of what a user let a client do, the newest that have not ended are found without looking at those that have.
DROP INDEX grants_of_account;
CREATE INDEX grants_of_account ON grants (account_id, client_uid, ended_at, created_at);
