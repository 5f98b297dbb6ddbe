// Products: whoever is signed in reads them, admins write them.
const express = require('express');
const Joi = require('joi');
const { give, refuse } = require('./answers');
const { authenticate, authorize, validate, wait } = require('./guards');
const { database } = require('./stores');

const listSchema = Joi.object({
  q: Joi.alternatives(Joi.string().allow(''), Joi.array().items(Joi.string())),
  page: Joi.number().integer().min(1).default(1),
  limit: Joi.number().integer().min(1).max(100).default(20),
});
const productSchema = Joi.object({
  name: Joi.string().max(200).required(),
  description: Joi.string().allow('').max(2000).default(''),
  price: Joi.number().integer().min(0).required(),
  stock: Joi.number().integer().min(0).required(),
});
const idSchema = Joi.object({ id: Joi.string().uuid().required() });
const COLUMNS = 'id, name, description, price, stock, created_at AS "createdAt"';

const router = express.Router();
router.use(authenticate);

router.get('/', authorize('read:products'), validate(listSchema, 'query'), wait(async (req, res) => {
  const { page, limit } = req.query;
  const words = [req.query.q ?? []].flat().map((word) => `%${word}%`);
  const total = Number((await database.query('SELECT count(*) FROM products WHERE name ILIKE ALL ($1)', [words])).rows[0].count);
  const { rows } = await database.query(
    `SELECT ${COLUMNS} FROM products WHERE name ILIKE ALL ($1) ORDER BY name, id LIMIT $2 OFFSET $3`, [words, limit, (page - 1) * limit]);
  res.set({ 'X-Total-Count': total, 'X-Page-Count': Math.ceil(total / limit) });
  give(res, rows, { total, page, limit });
}));

router.get('/:id', authorize('read:products'), validate(idSchema, 'params'), wait(async (req, res) => {
  const { rows } = await database.query(`SELECT ${COLUMNS} FROM products WHERE id = $1`, [req.params.id]);
  if (!rows[0]) return refuse(res, 404, 'NOT_FOUND', 'Product not found');
  give(res, rows[0]);
}));

router.post('/', authorize('write:products'), validate(productSchema), wait(async (req, res) => {
  const { name, description, price, stock } = req.body;
  const { rows } = await database.query(
    `INSERT INTO products (name, description, price, stock) VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`,
    [name, description, price, stock]);
  res.status(201).location(`/api/products/${rows[0].id}`);
  give(res, rows[0]);
}));

router.delete('/:id', authorize('delete:products'), validate(idSchema, 'params'), wait(async (req, res) => {
  const { rowCount } = await database.query('DELETE FROM products WHERE id = $1', [req.params.id]);
  if (!rowCount) return refuse(res, 404, 'NOT_FOUND', 'Product not found');
  res.status(204).end();
}));

module.exports = router;
