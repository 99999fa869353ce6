"""The registers of engine.registers, in the database: one transaction a method."""
