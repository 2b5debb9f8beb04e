"""What people and machines reach over HTTP: the API, the receiver's page, the live page, the probes."""
