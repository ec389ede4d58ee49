"""A mail client with the faults of many (EAST B_1): what it read in clear and did not use is
still there inside TLS, and it never looks at what it is told. The lab must find that it goes on.
Usage: careless_client.py imap|pop3|sieve, with PAWL_LAB_* in the environment."""
import os
import socket
import ssl
import sys

UPGRADE = {"imap": b"a1 STARTTLS", "pop3": b"STLS", "sieve": b"STARTTLS"}
ASK = {"imap": b"a2 CAPABILITY", "pop3": b"CAPA", "sieve": b"CAPABILITY"}


class Client:
    def __init__(self):
        self.stream = socket.create_connection(
            (os.environ["PAWL_LAB_HOST"], int(os.environ["PAWL_LAB_PORT"])), timeout=5)
        self.read = b""

    def line(self):
        while b"\n" not in self.read:
            more = self.stream.recv(4096)
            if not more:
                sys.exit("the server hung up")
            self.read += more
        line, self.read = self.read.split(b"\n", 1)
        return line

    def until(self, ends):
        while not self.line().upper().startswith(ends):
            pass

    def ask(self, command, ends):
        self.stream.sendall(command + b"\r\n")
        self.until(ends)

    def upgrade(self):
        context = ssl.create_default_context(cafile=os.environ["PAWL_LAB_CA"])
        # The fault: self.read is kept.
        self.stream = context.wrap_socket(self.stream,
                                          server_hostname=os.environ["PAWL_LAB_HOST"])


protocol = sys.argv[1]
user, password = (os.environ["PAWL_LAB_" + name].encode() for name in ("USER", "PASSWORD"))
client = Client()
client.until({"imap": b"* OK", "pop3": b"+OK", "sieve": b"OK"}[protocol])
client.ask(UPGRADE[protocol], {"imap": b"A1 OK", "pop3": b"+OK", "sieve": b"OK"}[protocol])
client.upgrade()
client.ask(ASK[protocol], {"imap": b"A2 OK", "pop3": b".", "sieve": b"OK"}[protocol])
if protocol == "imap":
    client.ask(b"a3 LOGIN " + user + b" " + password, b"A3 OK")
elif protocol == "pop3":
    client.ask(b"USER " + user, b"+OK")
    client.ask(b"PASS " + password, b"+OK")
else:
    client.ask(b'PUTSCRIPT "careless" ""', b"OK")
