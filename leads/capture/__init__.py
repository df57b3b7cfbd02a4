"""Forms that visitors fill in: what they ask, and how an answer becomes a lead."""
