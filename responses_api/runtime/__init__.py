"""What the process runs on: tasks, database threads, clean ends."""
