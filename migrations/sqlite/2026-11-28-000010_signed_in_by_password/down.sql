ALTER TABLE grants DROP COLUMN by_password;
