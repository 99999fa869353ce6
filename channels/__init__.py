"""Channels: adapters to the company's own services and, later, to messages and mail."""
