// A service that does not believe its gateway: it verifies the token itself, with the keys that discovery leads to.
'use strict';
const express = require('express');
const { auth } = require('express-oauth2-jwt-bearer');

const [port, issuerBaseURL, audience] = process.argv.slice(2);
const app = express();
app.get('/', (request, response) => response.send('up'));
app.use(auth({ issuerBaseURL, audience, tokenSigningAlg: 'ES256' }));
app.get('/mine/x', (request, response) => response.json({ user: request.auth.payload.userId, permissions: request.auth.payload.permissions }));
app.use((error, request, response, next) => response.status(error.status ?? 500).json({ code: error.code, message: error.message }));
app.listen(Number(port), '127.0.0.1');
