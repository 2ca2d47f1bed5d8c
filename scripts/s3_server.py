"""
S3 servers for tests, each the whole of it in one process; s3_server.ts starts it with its packages:

    python3 s3_server.py swift|moto FOLDER

Prints the port, and ends when its standard input ends.
"""
import os
import sys
import threading

kind, folder = sys.argv[1:3]


def end_with_input():
    sys.stdin.read()
    os._exit(0)


if kind == "moto":
    from werkzeug.serving import make_server
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    print(server.server_port, flush=True)
    threading.Thread(target=end_with_input, daemon=True).start()
    server.serve_forever()

import eventlet  # noqa: E402
eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)

with open(os.path.join(folder, "swift.conf"), "w") as conf:
    conf.write("[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n")

import swift.common.utils as utils  # noqa: E402
utils.SWIFT_CONF_FILE = os.path.join(folder, "swift.conf")
utils.HASH_PATH_PREFIX = b"a"
utils.HASH_PATH_SUFFIX = b"b"

from swift.common.wsgi import loadapp, SwiftHttpProtocol  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.account import server as account_server  # noqa: E402
from swift.container import server as container_server  # noqa: E402
from swift.obj import server as object_server  # noqa: E402

utils.monkey_patch()


class NullLog:
    def write(self, *_args):
        pass

    def info(self, *_args, **_kwargs):
        pass

    debug = warning = error = exception = info


class Cache(dict):
    def __bool__(self):
        return True

    """What Swift takes of memcached; one process needs no other."""

    def get(self, key, *_args, **_kwargs):
        return dict.get(self, key)

    def set(self, key, value, *_args, **_kwargs):
        self[key] = value

    def delete(self, key, *_args, **_kwargs):
        self.pop(key, None)

    def incr(self, key, delta=1, *_args, **_kwargs):
        self[key] = dict.get(self, key, 0) + delta
        return self[key]


def listen():
    return eventlet.listen(("127.0.0.1", 0))


def serve(sock, app):
    eventlet.spawn(eventlet.wsgi.server, sock, app, NullLog(), protocol=SwiftHttpProtocol, debug=False, log_output=False)


devices = os.path.join(folder, "devices")
os.makedirs(os.path.join(devices, "disk"))
conf = {"devices": devices, "swift_dir": folder, "mount_check": "false", "disable_fallocate": "true",
        "mb_per_sync": "512", "recon_cache_path": folder}
for name, module, controller in (("account", account_server, "AccountController"),
                                 ("container", container_server, "ContainerController"),
                                 ("object", object_server, "ObjectController")):
    sock = listen()
    ring = RingBuilder(2, 1, 0)
    ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": sock.getsockname()[1],
                  "device": "disk", "weight": 1})
    ring.rebalance()
    ring.get_ring().save(os.path.join(folder, name + ".ring.gz"))
    serve(sock, getattr(module, controller)(conf))

with open(os.path.join(folder, "proxy.conf"), "w") as proxy_conf:
    proxy_conf.write("""
[DEFAULT]
swift_dir = %s
[pipeline:main]
pipeline = catch_errors s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
node_timeout = 60
conn_timeout = 5
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:tempauth]
use = egg:swift#tempauth
user_test_admin = admin_secret .admin
user_test_nobody = nobody_secret
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
""" % folder)
sock = listen()
cache = Cache()
proxy = loadapp(os.path.join(folder, "proxy.conf"))


def with_cache(environ, start_response):
    environ["swift.cache"] = cache
    return proxy(environ, start_response)


serve(sock, with_cache)
print(sock.getsockname()[1], flush=True)


# A thread of the system's own: the input is read while the servers work.
eventlet.tpool.execute(end_with_input)
