"""The addresses of the pages: one line a room."""

urlpatterns: list[object] = []
