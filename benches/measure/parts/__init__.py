"""What is measured, part by part. Each takes a `Run` and answers with its figures."""
