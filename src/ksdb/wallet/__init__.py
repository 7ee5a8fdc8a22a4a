"""The resident's own pages: a phone registers, keeps the cards of a household, and shows what is known of them."""
