"""E-mail over SMTP, and what comes back: bounces, notices of delivery, replies."""
