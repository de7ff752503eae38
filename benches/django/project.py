"""django-oauth-toolkit as its tutorial sets it up, in one file: its pages of applications, its token
endpoint, SQLite, sessions in the database.

    python project.py prepare          makes the database; prints a session's cookie and a client as JSON
    gunicorn project:application       serves it
"""

import json
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.urls import include, path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DJANGO_DATABASE"], "CONN_MAX_AGE": None}
    },
    DEBUG=False,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    OAUTH2_PROVIDER={"SCOPES": {"read": "Read"}},
    ROOT_URLCONF="project",
    SECRET_KEY="of this run",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    USE_TZ=True,
)
django.setup()

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]

APPLICATIONS = 20
SECRET = "the secret of this run, of more than thirty letters"


def prepare():
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from oauth2_provider.models import get_application_model

    Path(settings.DATABASES["default"]["NAME"]).unlink(missing_ok=True)
    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user("member", password="generated members only")
    application = get_application_model()
    made = [
        application.objects.create(
            name=f"Application {number}",
            user=user,
            client_type=application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=application.GRANT_CLIENT_CREDENTIALS,
            client_secret=SECRET,
            # The last one's secret is kept as it is, which spares it the costly hash.
            hash_client_secret=number < APPLICATIONS,
        )
        for number in range(1, APPLICATIONS + 1)
    ]
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    print(
        json.dumps(
            {
                "cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}",
                "client_id": made[0].client_id,
                "client_id_of_plain_secret": made[-1].client_id,
                "secret": SECRET,
                "list": "/o/applications/",
                "details": f"/o/applications/{made[0].pk}/",
            }
        )
    )


if __name__ == "__main__":
    if sys.argv[1:] != ["prepare"]:
        sys.exit(__doc__)
    prepare()
else:
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
