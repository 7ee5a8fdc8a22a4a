"""What becomes of contacts: whom to call, who stays at home, how they are each day; chains of cases; drills."""
