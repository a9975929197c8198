import os

# ruleid: towpath.python.web.debug-setting-on
DEBUG = True
# ok: towpath.python.web.debug-setting-on
DEBUG = os.environ.get("DEBUG") == "1"
