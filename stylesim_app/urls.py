"""The pages of the app; include them where you like, with the namespace ``stylesim``."""

app_name = "stylesim"
urlpatterns: list = []
