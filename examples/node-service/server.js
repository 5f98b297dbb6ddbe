// Notes: a service of a few lines that leaves sign-in, permissions, limits and judging bodies to
// Merlon. It believes the X-User-… headers, so nobody but Merlon may reach it: it listens on
// loopback, or on a Unix socket when it is given a path.
'use strict';
const http = require('node:http');

const notes = [];

async function read(request) {
    let body = '';
    for await (const piece of request) body += piece;
    return JSON.parse(body); // judged already: what is here follows note.json
}

async function answer(request) {
    const user = request.headers['x-user-id'];
    switch (`${request.method} ${request.url}`) {
    case 'GET /notes/health':
        return [200, { status: 'ok' }];
    case 'GET /notes/whoami':
        return [200, { user, role: request.headers['x-user-role'], permissions: request.headers['x-user-permissions'] }];
    case 'GET /notes':
        return [200, notes.filter((note) => note.user === user)];
    case 'GET /notes/all': // Merlon has asked for the permission
        return [200, notes];
    case 'POST /notes':
        notes.push({ ...await read(request), id: notes.length + 1, user }); // ours last: no body replaces them
        return [201, notes.at(-1)];
    default:
        return [404, { error: 'no such note' }];
    }
}

const server = http.createServer(async (request, response) => {
    const [status, body] = await answer(request);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body) + '\n');
});
const place = process.argv[2] ? { path: process.argv[2] } : { host: '127.0.0.1', port: 9100 };
server.listen(place, () => console.log('notes at', server.address()));
