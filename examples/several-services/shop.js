// A shop that believes it is alone on its host: its paths begin with /, its redirects and cookies say so.
'use strict';

const http = require('node:http');

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://shop');
  if (url.pathname === '/cart' && request.method === 'POST') {
    response.writeHead(303, { Location: '/cart', 'Set-Cookie': 'cart=7; Path=/; HttpOnly', 'X-Debug': 'took 3 ms' }).end();
  } else if (url.pathname === '/old') {
    response.writeHead(301, { Location: `http://${request.headers.host}/cart?from=old` }).end();
  } else {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({
      path: request.url,
      host: request.headers.host,
      prefix: request.headers['x-forwarded-prefix'],
      client: request.headers['x-real-ip'],
      hasKey: request.headers['x-api-key'] === 'open sesame',
      cookie: request.headers.cookie,
    }) + '\n');
  }
});

server.listen(9101, '127.0.0.1', () => console.log('shop at', server.address()));
