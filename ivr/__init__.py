"""Inbound conversations: call flows as text, and the pure interpreter that leads a caller through one."""
