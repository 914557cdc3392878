"""Connects a port of 127.0.0.1 with another address, byte by byte, for as long as it runs.

    python3 cable.py PORT HOST:PORT

Killed, it is a server that is away: connections break, and new ones are refused. Stopped, it is one that hangs.
"""

import asyncio
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def connect(reader, writer):
    host, port = sys.argv[2].split(":")
    try:
        far_reader, far_writer = await asyncio.open_connection(host, int(port))
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))


async def main():
    server = await asyncio.start_server(connect, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
