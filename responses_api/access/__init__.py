"""Who may call, and whose upstream account a call uses."""
