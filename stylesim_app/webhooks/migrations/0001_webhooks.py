"""Endpoints, and the outbox of events."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import stylesim_app.webhooks.addresses
import stylesim_app.webhooks.models
import stylesim_app.webhooks.signing


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "url",
                    models.CharField(
                        max_length=1000,
                        validators=[stylesim_app.webhooks.addresses.validate_address],
                        verbose_name="address",
                    ),
                ),
                (
                    "events",
                    models.JSONField(
                        default=stylesim_app.webhooks.models.all_events, verbose_name="events"
                    ),
                ),
                ("enabled", models.BooleanField(default=True, verbose_name="enabled")),
                (
                    "secret",
                    models.CharField(
                        default=stylesim_app.webhooks.signing.new_secret,
                        editable=False,
                        max_length=100,
                    ),
                ),
                ("previous_secret", models.CharField(blank=True, editable=False, max_length=100)),
                ("previous_until", models.DateTimeField(editable=False, null=True)),
                (
                    "failing_since",
                    models.DateTimeField(editable=False, null=True, verbose_name="failing since"),
                ),
                ("paused_until", models.DateTimeField(editable=False, null=True)),
                (
                    "disabled_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="disabled"),
                ),
                (
                    "last_success",
                    models.DateTimeField(editable=False, null=True, verbose_name="last success"),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="acts for",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook",
                "verbose_name_plural": "webhooks",
                "ordering": ("name", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_id", models.UUIDField(editable=False, verbose_name="event ID")),
                (
                    "event",
                    models.CharField(
                        choices=[
                            ("artwork.indexed", "Artwork indexed"),
                            ("artwork.failed", "Artwork failed"),
                            ("same_picture.found", "Same picture found"),
                            ("webhook.test", "Test"),
                        ],
                        max_length=30,
                        verbose_name="event",
                    ),
                ),
                (
                    "artwork_key",
                    models.CharField(blank=True, max_length=200, verbose_name="artwork"),
                ),
                ("facts", models.JSONField(default=dict, editable=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waiting"),
                            ("delivered", "delivered"),
                            ("failed", "failed"),
                            ("skipped", "not sent"),
                        ],
                        default="pending",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="next attempt"
                    ),
                ),
                ("lease_token", models.UUIDField(editable=False, null=True)),
                (
                    "response_code",
                    models.PositiveSmallIntegerField(null=True, verbose_name="status code"),
                ),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("status", "The receiver answered with an error."),
                            (
                                "redirect",
                                "The receiver answered with a redirect, which is not followed.",
                            ),
                            ("timeout", "The receiver took too long."),
                            ("unreachable", "The receiver could not be reached."),
                            ("unknown_host", "The host name is not known."),
                            ("certificate", "The certificate of the receiver is not valid."),
                            ("private", "The address is in a private network."),
                            ("stopped", "The worker stopped while it was sent."),
                            ("invisible", "The artwork is gone, or the owner may not see it."),
                        ],
                        max_length=20,
                        verbose_name="problem",
                    ),
                ),
                (
                    "created",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, verbose_name="created"
                    ),
                ),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="stylesim_webhooks.endpoint",
                        verbose_name="webhook",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "ordering": ("-pk",),
                "indexes": [
                    models.Index(fields=["state", "due_at"], name="stylesim_webhooks_outbox")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("endpoint", "event_id"), name="stylesim_one_delivery_an_event"
                    )
                ],
            },
        ),
    ]
