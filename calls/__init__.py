"""What a call is: its legs, events and outcome, and the port through which it is acted on."""
