// Talks to sockets.js through a gateway, by ws and by socket.io over both of its transports: node talk.js URL
const WebSocket = require('ws');
const { io } = require('socket.io-client');

const url = process.argv[2];
const fail = (what) => (error) => { console.error(what, error && error.message); process.exit(1); };

function echo() {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws') + '/live');
    const sent = [Buffer.from('hello'), Buffer.alloc(200_000, 7)];
    let got = 0;
    socket.on('open', () => sent.forEach((piece) => socket.send(piece)));
    socket.on('message', (data) => {
      if (Buffer.compare(data, sent[got]) !== 0) fail('another message')();
      if (++got === sent.length) socket.close(1000, 'done');
    });
    socket.on('close', (code) => (code === 1000 ? resolve() : fail('close code')({ message: code })));
    socket.on('error', fail('ws'));
  });
}

function add(transports) {
  return new Promise((resolve) => {
    const socket = io(url, { transports, reconnection: false, forceNew: true });
    socket.on('connect_error', fail('socket.io ' + transports));
    socket.emit('add', 2, 3, (sum) => { if (sum !== 5) fail('sum')(); socket.close(); resolve(socket); });
  });
}

(async () => {
  await echo();
  await add(['polling']);
  await add(['websocket']);
  await add(['polling', 'websocket']);
  console.log('ok');
  process.exit(0);
})();
