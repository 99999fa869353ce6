"""Roles and scopes, as the API's operations name them."""

from engine.registers.access import Role, Scope

__all__ = ["Role", "Scope"]
