"""The WSGI application that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "handoff_project.settings")

application = get_wsgi_application()

# The garbage collector looks at what requests make, not at all the code each time.
gc.collect()
gc.freeze()
