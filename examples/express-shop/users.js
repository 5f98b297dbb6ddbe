// An admin's view of the accounts.
const express = require('express');
const Joi = require('joi');
const { give } = require('./answers');
const { authenticate, authorize, validate, wait } = require('./guards');
const { database } = require('./stores');

const listSchema = Joi.object({
  page: Joi.number().integer().min(1).default(1),
  limit: Joi.number().integer().min(1).max(100).default(20),
});

const router = express.Router();

router.get('/', authenticate, authorize('read:users'), validate(listSchema, 'query'), wait(async (req, res) => {
  const { page, limit } = req.query;
  const total = Number((await database.query('SELECT count(*) FROM users')).rows[0].count);
  const { rows } = await database.query(
    `SELECT id, email, first_name AS "firstName", last_name AS "lastName", role, created_at AS "createdAt"
     FROM users ORDER BY created_at, id LIMIT $1 OFFSET $2`, [limit, (page - 1) * limit]);
  res.set({ 'X-Total-Count': total, 'X-Page-Count': Math.ceil(total / limit) });
  give(res, rows, { total, page, limit });
}));

module.exports = router;
