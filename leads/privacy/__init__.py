"""What a person may ask of us: to see all that we hold of them, and to have it forgotten."""
