// The seed's own packages doing Merlon's work on a request: node server.js PORT UPSTREAM SECRET [PRODUCTS]
// PRODUCTS: a file of answers to GET /api/products/{id}, a line each, which are given from memory.
const { readFileSync } = require('node:fs');
const { Agent } = require('node:http');
const { randomUUID, randomBytes } = require('node:crypto');
const cors = require('cors');
const express = require('express');
const { rateLimit } = require('express-rate-limit');
const helmet = require('helmet');
const { createProxyMiddleware } = require('http-proxy-middleware');
const jwt = require('jsonwebtoken');

const [port, upstream, secret, products] = process.argv.slice(2);
const refuse = (response, status, code, message) =>
  response.status(status).json({ success: false, error: { code, message } });

const authenticate = (request, response, next) => {
  const header = request.headers.authorization;
  if (!header?.startsWith('Bearer ')) return refuse(response, 401, 'UNAUTHORIZED', 'No token provided');
  try {
    request.user = jwt.verify(header.slice(7), secret, {
      algorithms: ['HS256'], issuer: 'auth-service', audience: 'microservices-api',
    });
  } catch {
    return refuse(response, 401, 'INVALID_TOKEN', 'Invalid token');
  }
  next();
};
const require_permission = (permission) => (request, response, next) =>
  request.user.permissions.includes(permission) ? next()
    : refuse(response, 403, 'FORBIDDEN', 'Insufficient permissions');
const add_identity = (request, response, next) => {
  const id = randomUUID();
  response.setHeader('X-Request-ID', id);
  Object.assign(request.headers, {
    'x-request-id': id,
    traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    'x-user-id': request.user.userId,
    'x-user-email': request.user.email,
    'x-user-role': request.user.role,
    'x-user-permissions': request.user.permissions.join(','),
  });
  next();
};

const app = express();
app.use(helmet());
app.use(cors({ origin: ['https://shop.example.com'], credentials: true }));
const limit = rateLimit({ windowMs: 900_000, limit: 200_000_000, standardHeaders: true, legacyHeaders: false });
app.use('/catalog', limit);
app.use('/catalog', authenticate, require_permission('read:products'), add_identity, createProxyMiddleware({
  target: `http://127.0.0.1:${upstream}/catalog`,
  xfwd: true,
  agent: new Agent({ keepAlive: true, maxSockets: 256 }),
}));
if (products) {
  const answers = new Map(readFileSync(products, 'utf8').trimEnd().split('\n')
    .map((line) => JSON.parse(line)).map((answer) => [answer.data.id, answer]));
  app.get('/api/products/:id', limit, authenticate, require_permission('read:products'), (request, response) => {
    const answer = answers.get(request.params.id);
    if (!answer) return refuse(response, 404, 'NOT_FOUND', 'Not found');
    response.json(answer);
  });
}
app.listen(Number(port), '127.0.0.1');
