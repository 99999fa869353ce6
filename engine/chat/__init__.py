"""Live chats: a visitor led by the same flow as a caller, then in talk with an agent."""
