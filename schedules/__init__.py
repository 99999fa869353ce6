"""When a company is there: opening hours, public holidays, time zones. Pure."""
