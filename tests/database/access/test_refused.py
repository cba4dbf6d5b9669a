"""Pages for requests that were refused: they show again what was typed."""

from __future__ import annotations

import html

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from stylesim_app.models import Artwork
from tests.pages import upload_of

OWN = {"origin": "http://testserver"}


@pytest.fixture
def strict(staff):
    """A client whose forms need a token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    return client


def post(client, address="/upload/", headers=OWN, **fields):
    response = client.post(address, fields, headers=headers)
    return response, html.unescape(response.content.decode())


def test_a_form_that_is_out_of_date_keeps_what_was_typed(strict):
    fields = {"title": "Café <b>", "rights": "a\nb", "next": "/", "image": upload_of()}
    response, text = post(strict, **fields)
    assert response.status_code == 403
    assert "This form is out of date" in text
    assert 'value="Café <b>"' in text
    assert '<label for="sent-1">Title</label>' in text
    assert 'rows="6">a\nb</textarea>' in text
    assert '<input type="hidden" name="next" value="/">' in text
    assert '<input type="file" name="image"' in text
    assert "please choose it again" in text
    assert 'action="/upload/"' in text
    assert not Artwork.objects.exists()
    # The form of that page is accepted.
    token = strict.cookies["csrftoken"].value
    sent = {"title": "Café", "image": upload_of(), "csrfmiddlewaretoken": token}
    assert post(strict, **sent)[0].status_code == 302


def test_boxes_and_empty_choices_of_a_file_stay_what_they_are(strict):
    _, text = post(strict, is_public="on", image="")
    assert '<input type="checkbox" name="is_public" id="sent-1" checked>' in text
    assert text.count('name="image"') == 1
    assert '<input type="file" name="image"' in text


def test_what_another_site_sends_is_not_offered_again(strict):
    for headers in ({"origin": "https://elsewhere.example"}, {}):
        response, text = post(strict, headers=headers, title="forged")
        assert response.status_code == 403
        assert "forged" not in text


def test_a_form_for_which_a_right_was_lost_keeps_what_was_typed(staff, staff_client):
    staff.user_permissions.clear()
    response, text = post(staff_client, title="Café", image=upload_of())
    assert response.status_code == 403
    assert "You do not have permission to do this" in text
    assert 'value="Café"' in text
    assert '<input type="file" name="image"' in text
    # A page that was only opened leads on.
    text = staff_client.get("/upload/").content.decode()
    assert "You do not have permission to do this" in text
    assert "Go to the gallery" in text


def test_a_password_is_never_shown(strict):
    response, text = post(strict, "/accounts/login/", username="staff", password="secret")
    assert response.status_code == 403
    assert "secret" not in text
    assert "Open the form again" in text


def test_a_script_learns_that_its_form_is_out_of_date(strict):
    response, _ = post(strict, headers={**OWN, "accept": "application/json"}, title="t")
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")


def test_a_body_that_is_too_large_keeps_its_text(staff_client, settings):
    settings.STYLESIM_MAX_UPLOAD_MB = 0.001
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2000

    def picture():
        return SimpleUploadedFile("a.png", b"x" * 6000)

    response, text = post(staff_client, title="Kept", image=picture())
    assert response.status_code == 413
    assert "A file may have at most 0.001 MB" in text
    assert 'value="Kept"' in text
    assert '<input type="file" name="image"' in text
    # Much more is not read, and a script gets its reason.
    settings.STYLESIM_MAX_UPLOAD_MB = 0.0001
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response, text = post(staff_client, title="Kept", image=picture())
    assert (response.status_code, "Kept" in text) == (413, False)
    response, _ = post(staff_client, headers={"accept": "application/json"}, image=picture())
    assert response.json()["code"] == "too_large"
