// Who is calling, whether they may, and whether their body is right.
const { promisify } = require('node:util');
const jwt = require('jsonwebtoken');
const jwksClient = require('jwks-rsa');
const { refuse } = require('./answers');
const { redis } = require('./stores');

// JWKS_URL: tokens are signed with keys that are published there, and no longer with a secret.
const published = process.env.JWKS_URL && jwksClient({ jwksUri: process.env.JWKS_URL });
const algorithms = published ? ['ES256'] : ['HS256'];
const keyOf = (header, callback) => {
  if (!published) return callback(null, process.env.JWT_SECRET);
  published.getSigningKey(header.kid).then((key) => callback(null, key.getPublicKey()), callback);
};
const verify = promisify(jwt.verify);

exports.authenticate = async (req, res, next) => {
  const header = req.headers.authorization;
  if (!header || !header.startsWith('Bearer ')) return refuse(res, 401, 'UNAUTHORIZED', 'No token provided');
  const token = header.substring(7);
  try {
    const { userId, email, role, permissions } = await verify(token, keyOf, {
      algorithms,
      issuer: 'auth-service',
      audience: 'microservices-api',
    });
    if (await redis.get(`revoked:${userId}:${token}`)) {
      return refuse(res, 401, 'TOKEN_REVOKED', 'Token has been revoked');
    }
    req.user = { id: userId, email, role, permissions };
    next();
  } catch (error) {
    if (error instanceof jwt.TokenExpiredError) return refuse(res, 401, 'TOKEN_EXPIRED', 'Token has expired');
    refuse(res, 401, 'INVALID_TOKEN', 'Invalid token');
  }
};

exports.authorize = (...required) => (req, res, next) => {
  const permissions = req.user.permissions || [];
  if (required.every((permission) => permissions.includes(permission))) return next();
  refuse(res, 403, 'FORBIDDEN', 'Insufficient permissions', { required });
};

exports.validate = (schema, part = 'body') => (req, res, next) => {
  const { error, value } = schema.validate(req[part], { abortEarly: false, stripUnknown: true });
  if (error) {
    return refuse(res, 400, 'VALIDATION_ERROR', 'Validation failed', {
      details: error.details.map((detail) => ({ field: detail.path.join('.'), message: detail.message })),
    });
  }
  req[part] = value;
  next();
};

// Express 4 does not wait for a handler's promise.
exports.wait = (handler) => (req, res, next) => handler(req, res, next).catch(next);
