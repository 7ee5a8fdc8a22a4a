"""The site: wires the rooms into one Django project; holds no rule."""
