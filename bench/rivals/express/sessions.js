// The seed's own stack (express, pg, ioredis, jsonwebtoken) doing what the session rows ask:
// node sessions.js PORT DATABASE_URL REDIS_PORT SECRET
// A refresh rotates its token in one transaction; a session read checks the token as the seed does, by its signature,
// by `revoked:` and by `token:version:`, and lists the user's sessions.
const { randomUUID } = require('node:crypto');
const cors = require('cors');
const express = require('express');
const helmet = require('helmet');
const Redis = require('ioredis');
const jwt = require('jsonwebtoken');
const { Pool } = require('pg');

const [port, database, redisPort, secret] = process.argv.slice(2);
const pool = new Pool({ connectionString: database, min: 2, max: 10, idleTimeoutMillis: 30_000, connectionTimeoutMillis: 2_000 });
const redis = new Redis({ host: '127.0.0.1', port: Number(redisPort) });
const refuse = (response, status, code, message) =>
  response.status(status).json({ success: false, error: { code, message } });

const permissions = ['read:profile', 'write:profile', 'read:products', 'read:orders', 'write:orders', 'cancel:orders'];
const accessToken = (user) => jwt.sign(
  { userId: user.id, email: user.email, role: user.role, permissions, ver: user.version }, secret,
  { expiresIn: 900, issuer: 'auth-service', audience: 'microservices-api' });
const refreshToken = (user, tokenId) => jwt.sign({ userId: user.id, tokenId, type: 'refresh' }, secret, { expiresIn: '7d' });

const insert = 'INSERT INTO refresh_tokens (token_id, user_id, created_at, last_seen_at, expires_at, ip, user_agent) ' +
  "VALUES ($1, $2, now(), now(), now() + interval '7 days', $3, $4)";

const register = async (request, response) => {
  const user = { id: randomUUID(), email: request.body.email, role: 'user', version: 1 };
  const tokenId = randomUUID();
  await pool.query('INSERT INTO users (id, email, role, version) VALUES ($1, $2, $3, $4)', [user.id, user.email, user.role, user.version]);
  await pool.query(insert, [tokenId, user.id, request.ip, request.headers['user-agent'] ?? '']);
  response.status(201).json({ success: true, data: { accessToken: accessToken(user), refreshToken: refreshToken(user, tokenId) } });
};

const refresh = async (request, response) => {
  let claims;
  try {
    claims = jwt.verify(request.body.refreshToken, secret, { algorithms: ['HS256'] });
  } catch {
    return refuse(response, 401, 'INVALID_REFRESH_TOKEN', 'Invalid refresh token');
  }
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const used = await client.query(
      'DELETE FROM refresh_tokens WHERE token_id = $1 AND user_id = $2 AND expires_at > now() RETURNING token_id', [claims.tokenId, claims.userId]);
    if (used.rowCount === 0) {
      await client.query('ROLLBACK');
      return refuse(response, 401, 'INVALID_REFRESH_TOKEN', 'Invalid refresh token');
    }
    const tokenId = randomUUID();
    await client.query(insert, [tokenId, claims.userId, request.ip, request.headers['user-agent'] ?? '']);
    const found = await client.query('SELECT id, email, role, version FROM users WHERE id = $1', [claims.userId]);
    await client.query('COMMIT');
    const user = found.rows[0];
    response.json({ success: true, data: { accessToken: accessToken(user), refreshToken: refreshToken(user, tokenId), tokenType: 'Bearer', expiresIn: 900 } });
  } finally {
    client.release();
  }
};

const authenticate = async (request, response, next) => {
  const token = request.headers.authorization?.slice(7) ?? '';
  try {
    request.user = jwt.verify(token, secret, { algorithms: ['HS256'], issuer: 'auth-service', audience: 'microservices-api' });
  } catch {
    return refuse(response, 401, 'INVALID_TOKEN', 'Invalid token');
  }
  const [revoked, version] = await redis.mget(`revoked:${request.user.userId}:${token}`, `token:version:${request.user.userId}`);
  if (revoked !== null || request.user.ver < Number(version ?? 0)) return refuse(response, 401, 'TOKEN_REVOKED', 'Token has been revoked');
  next();
};

const sessions = async (request, response) => {
  const found = await pool.query('SELECT token_id, created_at, last_seen_at, ip, user_agent FROM refresh_tokens WHERE user_id = $1 ' +
    'AND expires_at > now() ORDER BY last_seen_at DESC', [request.user.userId]);
  response.json({ success: true, data: found.rows.map((row) => ({
    id: row.token_id, createdAt: row.created_at, lastSeenAt: row.last_seen_at, ip: row.ip, userAgent: row.user_agent, current: false })) });
};

const app = express();
app.use(helmet());
app.use(cors({ origin: ['https://shop.example.com'], credentials: true }));
app.use(express.json());
app.post('/api/auth/register', register);
app.post('/api/auth/refresh', refresh);
app.get('/api/auth/sessions', authenticate, sessions);
pool.query(`CREATE TABLE users (id uuid PRIMARY KEY, email text UNIQUE, role text, version integer);
  CREATE TABLE refresh_tokens (token_id uuid PRIMARY KEY, user_id uuid NOT NULL REFERENCES users (id), created_at timestamptz, last_seen_at timestamptz,
    expires_at timestamptz NOT NULL, ip text, user_agent text);
  CREATE INDEX refresh_tokens_by_user ON refresh_tokens (user_id)`).then(() => app.listen(Number(port), '127.0.0.1'));
