// Accounts: register, login, refresh, logout, me. This is what Merlon takes over.
const crypto = require('node:crypto');
const bcrypt = require('bcrypt');
const express = require('express');
const Joi = require('joi');
const jwt = require('jsonwebtoken');
const { give, refuse } = require('./answers');
const { authenticate, validate, wait } = require('./guards');
const { permissionsOf } = require('./permissions');
const { database, redis } = require('./stores');

const SALT_ROUNDS = 12;
const registerSchema = Joi.object({
  email: Joi.string().email().required(),
  password: Joi.string()
    .min(8)
    .pattern(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[@$!%*?&])[A-Za-z\d@$!%*?&]/)
    .required()
    .messages({ 'string.pattern.base': 'Password must contain uppercase, lowercase, number, and special character' }),
  firstName: Joi.string().min(2).max(50).required(),
  lastName: Joi.string().min(2).max(50).required(),
});
const loginSchema = Joi.object({ email: Joi.string().email().required(), password: Joi.string().required() });
const refreshSchema = Joi.object({ refreshToken: Joi.string().required() });

const shown = (row) => ({
  id: row.id,
  email: row.email,
  firstName: row.first_name,
  lastName: row.last_name,
  role: row.role,
  permissions: permissionsOf(row.role),
  createdAt: row.created_at.toISOString(),
});

const accessToken = (row) => jwt.sign(
  { userId: row.id, email: row.email, role: row.role, permissions: permissionsOf(row.role) },
  process.env.JWT_SECRET,
  { expiresIn: '15m', issuer: 'auth-service', audience: 'microservices-api' },
);

async function refreshToken(row) {
  const tokenId = crypto.randomUUID();
  await database.query("INSERT INTO refresh_tokens VALUES ($1, $2, now() + interval '7 days')", [tokenId, row.id]);
  return jwt.sign({ userId: row.id, tokenId, type: 'refresh' }, process.env.JWT_REFRESH_SECRET, { expiresIn: '7d' });
}

const signedIn = async (row) => ({ user: shown(row), accessToken: accessToken(row), refreshToken: await refreshToken(row) });
const userBy = async (column, value) => (await database.query(`SELECT * FROM users WHERE ${column} = $1`, [value])).rows[0];

const router = express.Router();

router.post('/register', validate(registerSchema), wait(async (req, res) => {
  const { email, password, firstName, lastName } = req.body;
  const hash = await bcrypt.hash(password, SALT_ROUNDS);
  const made = await database.query(
    `INSERT INTO users (email, password_hash, first_name, last_name) VALUES ($1, $2, $3, $4)
     ON CONFLICT (email) DO NOTHING RETURNING *`, [email.toLowerCase(), hash, firstName, lastName]);
  if (!made.rows[0]) return refuse(res, 409, 'CONFLICT', 'Email is already registered');
  res.status(201);
  give(res, await signedIn(made.rows[0]));
}));

router.post('/login', validate(loginSchema), wait(async (req, res) => {
  const row = await userBy('email', req.body.email.toLowerCase());
  if (!row || !(await bcrypt.compare(req.body.password, row.password_hash))) {
    return refuse(res, 401, 'INVALID_CREDENTIALS', 'Invalid email or password');
  }
  give(res, await signedIn(row));
}));

router.post('/refresh', validate(refreshSchema), wait(async (req, res) => {
  const invalid = () => refuse(res, 401, 'INVALID_REFRESH_TOKEN', 'Invalid refresh token');
  let claims;
  try {
    claims = jwt.verify(req.body.refreshToken, process.env.JWT_REFRESH_SECRET);
  } catch {
    return invalid();
  }
  const used = await database.query('DELETE FROM refresh_tokens WHERE id = $1 AND expires_at > now()', [claims.tokenId]);
  const row = used.rowCount && (await userBy('id', claims.userId));
  if (!row) return invalid();
  give(res, { accessToken: accessToken(row), refreshToken: await refreshToken(row) });
}));

router.post('/logout', authenticate, wait(async (req, res) => {
  await redis.set(`revoked:${req.user.id}:${req.headers.authorization.substring(7)}`, '1', 'EX', 900);
  const { tokenId } = jwt.decode(req.body.refreshToken || '') || {};
  if (tokenId) await database.query('DELETE FROM refresh_tokens WHERE id = $1 AND user_id = $2', [tokenId, req.user.id]);
  res.status(204).end();
}));

router.get('/me', authenticate, wait(async (req, res) => {
  give(res, shown(await userBy('id', req.user.id)));
}));

module.exports = router;
