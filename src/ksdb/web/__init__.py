"""What all pages share: the frame, the parts, the style, translations, and who may open a view."""
