"""What visitors of a web site meet: the chat's window, the contact form, and the button for both."""
