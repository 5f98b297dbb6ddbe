// A blog that lives below /v2 of its server, answers for several names, and has a policy of its own for each page.
'use strict';

const crypto = require('node:crypto');
const http = require('node:http');

const server = http.createServer((request, response) => {
  const nonce = crypto.randomBytes(16).toString('base64');
  response.setHeader('Content-Security-Policy', `script-src 'nonce-${nonce}'`);
  response.setHeader('Content-Type', 'text/plain');
  response.end(`${request.headers.host}${request.url}\n`);
});

server.listen(9102, '127.0.0.1', () => console.log('blog at', server.address()));
