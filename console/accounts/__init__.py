"""Who is asking: signing in, sessions, tokens, and which pages they may see."""
