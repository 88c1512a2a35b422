"""What was used, by whom and how well it went: roll-ups of the ended exchanges, and the figures from them."""
