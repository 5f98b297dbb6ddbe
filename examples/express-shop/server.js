// A shop on Express as many teams have it: accounts, products and orders on PostgreSQL, limits and sign-outs in Redis.
const express = require('express');
const { browsers } = require('./browsers');
const { limits } = require('./limits');
const { refuse } = require('./answers');

const app = express();
// How many proxies stand in front: with 1, req.ip is the client's address as Merlon says it.
app.set('trust proxy', Number(process.env.TRUST_PROXY || 0));
app.use(browsers());
if (process.env.RATE_LIMIT !== 'off') app.use(limits());
app.use(express.json());

if (process.env.ACCOUNTS !== 'elsewhere') app.use('/api/auth', require('./accounts'));
app.use('/api/products', require('./products'));
app.use('/api/orders', require('./orders'));
app.use('/api/users', require('./users'));
app.get('/health', (req, res) => res.json({ status: 'ok' }));

app.use((req, res) => refuse(res, 404, 'NOT_FOUND', 'Not found'));
const CODES = { 400: 'BAD_REQUEST', 413: 'PAYLOAD_TOO_LARGE', 415: 'UNSUPPORTED_MEDIA_TYPE' };
app.use((error, req, res, next) => {
  const status = error.status || 500;
  if (status >= 500) return refuse(res, status, 'INTERNAL_ERROR', 'Internal server error');
  refuse(res, status, CODES[status] || 'BAD_REQUEST', error.message);
});

const server = app.listen(Number(process.env.PORT || 4000), '127.0.0.1', () => console.log('shop at', server.address().port));
