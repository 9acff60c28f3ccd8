"""The viewer's page under a short address, which reports nothing to its makers."""

from __future__ import annotations

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

_HEADERS = ("Content-Type", "rerun-final-length")


def serve_page(port: int, viewer: int, data: int) -> None:
    """Serve the page on `port` in the background, from rerun's own server on port `viewer`.

    The address of the data, on port `data` of the machine as the browser names it, is added. The
    page may connect to nothing else: the viewer would send statistics of its use to its makers.
    """

    class Page(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            host = self.headers.get("Host", "localhost").rsplit(":", 1)[0]
            address = urlsplit(self.path)
            if address.path == "/" and not address.query:
                query = {"url": f"rerun+http://{host}:{data}/proxy", "theme": "dark"}
                self.send_response(302)
                self.send_header("Location", f"/?{urlencode(query)}")
                self.end_headers()
                return
            try:
                answer = urlopen(f"http://127.0.0.1:{viewer}{address.path}")
            except URLError as error:
                self.send_error(getattr(error, "code", 502))
                return
            with answer:
                self.send_response(200)
                for name in _HEADERS:
                    if value := answer.headers.get(name):
                        self.send_header(name, value)
                self.send_header(
                    "Content-Security-Policy", f"connect-src 'self' http://{host}:{data}"
                )
                self.end_headers()
                shutil.copyfileobj(answer, self.wfile)

        def log_message(self, *_: object) -> None:
            """Keep requests out of the log."""

    server = ThreadingHTTPServer(("", port), Page)
    threading.Thread(target=server.serve_forever, name="page", daemon=True).start()
