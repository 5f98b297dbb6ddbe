// A service with a WebSocket echo at /live and socket.io at /socket.io: node sockets.js PORT
const { createServer } = require('http');
const { WebSocketServer } = require('ws');
const { Server } = require('socket.io');

const server = createServer((request, response) => response.end('sockets'));
const live = new WebSocketServer({ noServer: true });
live.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })));
const io = new Server(server, { pingInterval: 2000 });
io.on('connection', (socket) => socket.on('add', (a, b, done) => done(a + b)));
server.on('upgrade', (request, socket, head) => {
  if (request.url.split('?')[0] === '/live') live.handleUpgrade(request, socket, head, (made) => live.emit('connection', made));
});
server.listen(Number(process.argv[2]), '127.0.0.1');
