"""
A chat on asyncio streams, as the standard library's documentation teaches them.

C{python -m bench.servers.streams PORT}
"""

from __future__ import annotations

import asyncio
import sys

users: dict[str, asyncio.StreamWriter] = {}


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """
    Talk with one user until they leave.

    @param reader: the stream from the user.
    @param writer: the stream to the user.
    """
    name = ""
    try:
        writer.write(b"Enter your name to enter the chat >\r\n")
        name = (await reader.readline()).decode().rstrip("\r\n")
        if not name:
            return
        users[name] = writer
        writer.write(b"Connected... Start sending messages\r\n")
        while line := await reader.readline():
            message = f"{name} :: {line.decode().rstrip()}\r\n".encode()
            for other in users.values():
                if other is not writer:
                    other.write(message)
            writer.write(b"OK . .\r\n")
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        users.pop(name, None)
        writer.close()


async def main(port: int) -> None:
    """
    Accept users for ever.

    @param port: TCP port on loopback.
    """
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
