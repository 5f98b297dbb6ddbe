// Orders: everybody sees their own, and somebody else's does not exist.
const express = require('express');
const Joi = require('joi');
const { give, refuse } = require('./answers');
const { authenticate, authorize, validate, wait } = require('./guards');
const { database } = require('./stores');

const orderSchema = Joi.object({
  items: Joi.array().min(1).max(50).required().items(Joi.object({
    productId: Joi.string().uuid().required(),
    quantity: Joi.number().integer().min(1).max(1000).required(),
  })),
});
const listSchema = Joi.object({
  page: Joi.number().integer().min(1).default(1),
  limit: Joi.number().integer().min(1).max(100).default(20),
});
const idSchema = Joi.object({ id: Joi.string().uuid().required() });
const COLUMNS = 'id, user_id AS "userId", status, items, total, created_at AS "createdAt"';

// Takes the stock of every item and stores the order, or neither. Null: there is not enough of something.
async function place(userId, items) {
  const client = await database.connect();
  try {
    await client.query('BEGIN');
    let total = 0;
    for (const { productId, quantity } of items) {
      const taken = await client.query(
        'UPDATE products SET stock = stock - $2 WHERE id = $1 AND stock >= $2 RETURNING price', [productId, quantity]);
      if (!taken.rows[0]) return null;
      total += taken.rows[0].price * quantity;
    }
    const { rows } = await client.query(
      `INSERT INTO orders (user_id, items, total) VALUES ($1, $2, $3) RETURNING ${COLUMNS}`,
      [userId, JSON.stringify(items), total]);
    await client.query('COMMIT');
    return rows[0];
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const router = express.Router();
router.use(authenticate);

router.get('/', authorize('read:orders'), validate(listSchema, 'query'), wait(async (req, res) => {
  const { page, limit } = req.query;
  const { count } = (await database.query('SELECT count(*) FROM orders WHERE user_id = $1', [req.user.id])).rows[0];
  const { rows } = await database.query(
    `SELECT ${COLUMNS} FROM orders WHERE user_id = $1 ORDER BY created_at DESC, id LIMIT $2 OFFSET $3`,
    [req.user.id, limit, (page - 1) * limit]);
  res.set({ 'X-Total-Count': count, 'X-Page-Count': Math.ceil(count / limit) });
  give(res, rows, { total: Number(count), page, limit });
}));

router.get('/:id', authorize('read:orders'), validate(idSchema, 'params'), wait(async (req, res) => {
  const { rows } = await database.query(
    `SELECT ${COLUMNS} FROM orders WHERE id = $1 AND (user_id = $2 OR $3)`,
    [req.params.id, req.user.id, req.user.role === 'admin']);
  if (!rows[0]) return refuse(res, 404, 'NOT_FOUND', 'Order not found');
  give(res, rows[0]);
}));

router.post('/', authorize('write:orders'), validate(orderSchema), wait(async (req, res) => {
  const order = await place(req.user.id, req.body.items);
  if (!order) return refuse(res, 409, 'CONFLICT', 'Not enough stock');
  res.status(201).location(`/api/orders/${order.id}`);
  give(res, order);
}));

router.post('/:id/cancel', authorize('cancel:orders'), validate(idSchema, 'params'), wait(async (req, res) => {
  const mine = [req.params.id, req.user.id];
  const { rows } = await database.query(
    `UPDATE orders SET status = 'cancelled' WHERE id = $1 AND user_id = $2 AND status = 'confirmed' RETURNING ${COLUMNS}`, mine);
  if (rows[0]) return give(res, rows[0]);
  const known = await database.query('SELECT 1 FROM orders WHERE id = $1 AND user_id = $2', mine);
  if (!known.rowCount) return refuse(res, 404, 'NOT_FOUND', 'Order not found');
  refuse(res, 409, 'CONFLICT', 'Order cannot be cancelled');
}));

module.exports = router;
