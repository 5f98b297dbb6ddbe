"""Asks for refreshes and session reads over kept connections: each person's next refresh is by the token of the last."""

import asyncio
import json
import uuid

PEOPLE = 64
PASSWORD = "Horse$Battery9"


class Person:
    def __init__(self, port):
        self.port = port

    async def connect(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def ask(self, method, path, body=None, token=None):
        data = b"" if body is None else json.dumps(body).encode()
        fields = "Host: localhost\r\nUser-Agent: bench\r\n" + (f"Authorization: Bearer {token}\r\n" if token else "")
        if body is not None:
            fields += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{fields}\r\n".encode() + data)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        length = int(next(line for line in lines if line.startswith("content-length:")).split(":")[1])
        return int(lines[0].split()[1]), json.loads(await self.reader.readexactly(length))

    async def begin(self):
        await self.connect()
        status, answer = await self.ask("POST", "/api/auth/register", {
            "email": f"bench.{uuid.uuid4().hex}@example.com", "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"})
        self.keep(status == 201, answer)

    def keep(self, is_good, answer):
        if not is_good:
            raise SystemExit(f"bench: {answer}")
        self.access, self.refresh_token = answer["data"]["accessToken"], answer["data"]["refreshToken"]

    async def refresh(self):
        status, answer = await self.ask("POST", "/api/auth/refresh", {"refreshToken": self.refresh_token})
        self.keep(status == 200, answer)

    async def read_sessions(self):
        status, answer = await self.ask("GET", "/api/auth/sessions", token=self.access)
        if status != 200 or len(answer["data"]) != 1:
            raise SystemExit(f"bench: {answer}")


class Crowd:
    """People of one server, each with a session and a connection."""

    def __init__(self, port):
        self.people = [Person(port) for _ in range(PEOPLE)]
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.all(Person.begin, 1))

    async def all(self, act, times):
        async def one(person):
            for _ in range(times):
                await act(person)
        await asyncio.gather(*(one(person) for person in self.people))

    def do(self, act, times):
        """Everybody does it so often; gives how many that were."""
        self.loop.run_until_complete(self.all(act, times))
        return PEOPLE * times

    def close(self):
        for person in self.people:
            person.writer.close()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()
