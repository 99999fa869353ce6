"""Lists of contacts, in and out: files, the processes that read them, and the desk that takes them."""
