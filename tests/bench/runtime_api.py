"""A Lambda Runtime API and a Slack Web API for benchmarks, on raw sockets so that they cost next to nothing."""

import json
import socket
import threading
import time


class Server:
    """Answers every request by `handle(method, path, body)`, which returns (status, headers, body) or None to hang up."""

    def __init__(self, handle):
        self.handle = handle
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        stream = connection.makefile("rb")
        try:
            while True:
                line = stream.readline()
                if not line:
                    return
                method, path, _ = line.decode().split(" ", 2)
                headers = {}
                while (line := stream.readline().strip()) != b"":
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                if headers.get("transfer-encoding", "").lower() == "chunked":
                    body = b""
                    while size := int(stream.readline().split(b";")[0], 16):
                        body += stream.read(size)
                        stream.readline()
                    stream.readline()
                else:
                    body = stream.read(int(headers.get("content-length", 0)))
                answer = self.handle(method, path, body)
                if answer is None:
                    return
                status, extra, content = answer
                head = "HTTP/1.1 %d OK\r\nContent-Length: %d\r\n" % (status, len(content))
                head += "".join("%s: %s\r\n" % item for item in extra.items()) + "\r\n"
                connection.sendall(head.encode() + content)
        except OSError:
            return
        finally:
            connection.close()


class Runtime:
    """Hands out one event, then holds the next request open. `answered` is set when the function has answered."""

    def __init__(self, event):
        self.event = json.dumps(event).encode()
        self.given = False
        self.answered = threading.Event()
        self.asked_at = None
        self.answered_at = None
        self.failure = None
        self.server = Server(self._handle)

    def _handle(self, method, path, body):
        if path.endswith("/invocation/next"):
            if self.given:
                threading.Event().wait(30)
                return None
            self.given = True
            self.asked_at = time.perf_counter()
            return (
                200,
                {
                    "Content-Type": "application/json",
                    "Lambda-Runtime-Aws-Request-Id": "00000000-0000-0000-0000-000000000001",
                    "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:bench",
                },
                self.event,
            )
        if path.endswith("/error"):
            self.failure = body.decode(errors="replace")
        self.answered_at = time.perf_counter()
        self.answered.set()
        return 202, {}, b"{}"


class Slack:
    """Takes every message. `posted` is set at the first `chat.postMessage`."""

    def __init__(self):
        self.posted = threading.Event()
        self.posted_at = None
        self.first = None
        self.server = Server(self._handle)

    def _handle(self, _method, path, body):
        if path.endswith("/chat.postMessage") and not self.posted.is_set():
            self.posted_at = time.perf_counter()
            self.first = body.decode(errors="replace")
            self.posted.set()
        answer = {"ok": True, "channel": "C0BENCH00", "ts": "1700000000.000100", "messages": [], "has_more": False}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()
