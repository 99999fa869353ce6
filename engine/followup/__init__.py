"""What follows in writing: messages sent, their receipts and answers taken."""
