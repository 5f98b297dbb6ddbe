-- Every account as a line of JSON, for `merlon user import`: psql -X -q -A -t -f export.sql > people.jsonl
SELECT json_build_object(
    'id', id,
    'email', email,
    'firstName', first_name,
    'lastName', last_name,
    'role', role,
    'hash', password_hash,
    'createdAt', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'verified', email_verified)
FROM users ORDER BY created_at, id;
