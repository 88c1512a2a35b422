"""What is kept in PostgreSQL of responses, items, conversations and prompts."""
