"""What benches/run is made of. Python's standard library is all that it needs."""
