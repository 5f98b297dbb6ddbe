-- 10,000 people, 60 products and an order of each person. All passwords are Horse$Battery9; the hashes are a few, as bcrypt is slow:
-- two of Node's bcrypt, one of pgcrypto's crypt(). The first is an admin, the second a moderator; the ninth has the same password six
-- times over, of which bcrypt takes 72 bytes.
-- A row's identifier is made of its name, so that tests know it.
CREATE FUNCTION pg_temp.id(name text) RETURNS uuid LANGUAGE sql AS
$$ SELECT overlay(overlay(md5(name) PLACING '4' FROM 13) PLACING '8' FROM 17)::uuid $$;

WITH hashes (number, hash) AS (
    VALUES (0, '$2b$10$qhmj.A3nJ9vZkNr6zMiLVuYZFfKkFBshDhIyoczxvbHeZyJR/20ey'),
           (1, '$2b$12$wscqe8qVb7ai5OGQkUjl5euM8IB2FIkgiQPtyaOB.bTJlgYjjKudW'),
           (2, crypt('Horse$Battery9', gen_salt('bf', 10))))
INSERT INTO users (id, email, password_hash, first_name, last_name, role, email_verified, created_at)
SELECT pg_temp.id('person ' || n), 'person' || n || '@example.com',
       CASE n WHEN 9 THEN crypt(repeat('Horse$Battery9', 6), gen_salt('bf', 10)) ELSE hash END,
       (ARRAY['Ada', 'Zoë', 'Łukasz', 'José', '美咲', 'Дмитрий'])[n % 6 + 1], (ARRAY['Lovelace', 'Müller', 'O''Neill', '山田'])[n % 4 + 1],
       CASE n WHEN 1 THEN 'admin' WHEN 2 THEN 'moderator' ELSE 'user' END,
       n % 3 > 0, timestamptz '2024-01-01' + n * interval '1 hour'
FROM generate_series(1, 10000) AS n JOIN hashes ON number = n % 3;

-- A session that began before the move.
INSERT INTO refresh_tokens VALUES (pg_temp.id('session'), pg_temp.id('person 8'), now() + interval '7 days');

INSERT INTO products (id, name, description, price, stock, created_at)
SELECT pg_temp.id('product ' || n), (ARRAY['Walnut', 'Oak', 'Ash', 'Café'])[n % 4 + 1] || ' ' || (ARRAY['desk', 'chair', 'shelf'])[n % 3 + 1] || ' ' || n,
       'Made of wood', 1000 + n, 1000, timestamptz '2024-01-01'
FROM generate_series(1, 60) AS n;

INSERT INTO orders (id, user_id, items, total, created_at)
SELECT pg_temp.id('order ' || n), pg_temp.id('person ' || n),
       jsonb_build_array(jsonb_build_object('productId', pg_temp.id('product ' || n % 60 + 1), 'quantity', 2)), 2 * (1001 + n % 60),
       timestamptz '2025-01-01' + n * interval '1 minute'
FROM generate_series(1, 10000) AS n;
