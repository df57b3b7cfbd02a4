"""Receivers on this machine that answer as a test wants, over real connections."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """An HTTP server that takes its answers from a list, the last one for ever.

    An answer is a status, `(status, headers)`, or a function of the request's handler.
    """

    def __init__(self, *answers):
        self.answers, self.got = list(answers) or [200], []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                turn = min(len(receiver.got), len(receiver.answers)) - 1
                answer = receiver.answers[turn]
                if callable(answer):
                    return answer(self)
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                receiver.got.append(("GET", self.path))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def cut(handler):
    handler.connection.close()


def garbage(handler):
    handler.wfile.write(b"\x00\xff not HTTP at all\r\n\r\n")
    handler.close_connection = True


def silence(handler):
    time.sleep(3)


def dripping_body(handler):
    """A 200 whose body never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    drip(handler)


def dripping_head(handler):
    """An answer whose head never ends."""
    handler.wfile.write(b"HTTP/1.1 ")
    drip(handler)


def drip(handler):
    for _ in range(60):
        time.sleep(0.1)
        try:
            handler.wfile.write(b"x")
        except OSError:
            break
    handler.close_connection = True


def huge_body(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    try:
        for _ in range(2000):
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass
    handler.close_connection = True
