"""Gunicorn: processes and threads, and limits on slow and long requests.

``gunicorn --config project/gunicorn.conf.py project.wsgi``; options on the command line win.
"""

import os

bind = os.environ.get("GUNICORN_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# A slow client or a slow picture holds a thread and not a process.
worker_class = "gthread"
threads = int(os.environ.get("GUNICORN_THREADS", "4"))
# A process that does not answer for so long is replaced; its longest requests are rankings.
timeout = 60
graceful_timeout = 30
# The proxy opens connections, and the rest of a refused body is not read to reuse one.
keepalive = 0
# Requests are at most as long as the longest address with filters.
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
# Replaced now and then, not all at once, so that no process grows for weeks.
max_requests = 5000
max_requests_jitter = 500
# Files that the site creates can be read by its own account alone.
umask = 0o077
