"""
A chat with one thread per user, each writing to all other sockets under one lock.

C{python -m bench.servers.threads PORT}
"""

from __future__ import annotations

import socket
import sys
import threading

STACK = 256 * 1024
"""Bytes of a thread's stack: 10,000 of the usual 8 MiB would not fit."""

users: dict[str, socket.socket] = {}
lock = threading.Lock()


def serve(connection: socket.socket) -> None:
    """
    Talk with one user until they leave.

    @param connection: the user's socket.
    """
    name = ""
    try:
        connection.sendall(b"Enter your name to enter the chat >\r\n")
        with connection, connection.makefile("rb") as lines:
            name = lines.readline().decode().rstrip("\r\n")
            if not name:
                return
            with lock:
                users[name] = connection
                connection.sendall(b"Connected... Start sending messages\r\n")
            for line in lines:
                message = f"{name} :: {line.decode().rstrip()}\r\n".encode()
                with lock:
                    for other in users.values():
                        if other is not connection:
                            other.sendall(message)
                    connection.sendall(b"OK . .\r\n")
    except ConnectionError:
        pass
    finally:
        with lock:
            users.pop(name, None)


def main(port: int) -> None:
    """
    Accept users for ever.

    @param port: TCP port on loopback.
    """
    threading.stack_size(STACK)
    with socket.create_server(("127.0.0.1", port), backlog=1024) as listener:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
