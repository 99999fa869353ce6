"""Messengers and social networks. A person's address is the network's name, a colon, and their id there."""
