"""What is deleted by age: ``rules`` say what and when, ``purging`` deletes, ``schedule`` repeats it."""
