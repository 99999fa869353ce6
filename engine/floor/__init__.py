"""What supervisors do: who is heard by whom, and changes of agents with a reason."""
