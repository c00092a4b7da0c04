"""gunicorn street.wsgi -w 4"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "street.settings")
application = get_wsgi_application()
