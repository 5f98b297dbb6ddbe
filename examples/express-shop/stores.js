// The connections that everything shares.
const Redis = require('ioredis');
const { Pool } = require('pg');

exports.redis = new Redis({
  host: process.env.REDIS_HOST || '127.0.0.1',
  port: Number(process.env.REDIS_PORT || 6379),
  password: process.env.REDIS_PASSWORD,
});
// What is undefined comes from PGHOST, PGPORT and PGUSER, as it does for psql.
exports.database = new Pool({
  host: process.env.DATABASE_HOST,
  port: process.env.DATABASE_PORT,
  database: process.env.DATABASE_NAME || 'shop',
  user: process.env.DATABASE_USER,
  password: process.env.DATABASE_PASSWORD,
});
