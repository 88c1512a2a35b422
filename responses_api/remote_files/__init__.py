"""Images and files that a request names by web address, fetched with distrust."""
