"""Reports of ended responses to the operators' and users' own servers."""
