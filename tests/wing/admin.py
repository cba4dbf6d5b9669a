from django.contrib import admin

from .models import Tone

admin.site.register(Tone)
