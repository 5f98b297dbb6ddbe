// How often one client may call: counted in Redis, so that several processes count together.
const express = require('express');
const { rateLimit } = require('express-rate-limit');
const { RedisStore } = require('rate-limit-redis');
const { redis } = require('./stores');

const WINDOW = 15 * 60 * 1000;
const store = (prefix) => new RedisStore({ prefix, sendCommand: (...words) => redis.call(...words) });
const message = (code, text) => ({ success: false, error: { code, message: text } });

exports.limits = () => {
  const router = express.Router();
  const auth = rateLimit({
    store: store('rl:auth:'),
    windowMs: WINDOW,
    limit: 5,
    skipSuccessfulRequests: true,
    message: message('TOO_MANY_AUTH_ATTEMPTS', 'Too many authentication attempts, please try again later'),
  });
  router.use('/api/', rateLimit({
    store: store('rl:'),
    windowMs: WINDOW,
    limit: 100,
    standardHeaders: true,
    legacyHeaders: false,
    message: message('RATE_LIMIT_EXCEEDED', 'Too many requests, please try again later'),
  }));
  router.use('/api/auth/login', auth);
  router.use('/api/auth/register', auth);
  return router;
};
