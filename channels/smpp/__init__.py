"""SMS over SMPP 3.4: connections to an SMSC, what goes over them, and the provider made of it."""
