// HS256, iss, aud, exp and one permission, as Merlon checks them; the identity for the upstream.
import crypto from 'crypto';

function claims_of(request) {
    const header = request.headersIn['Authorization'];
    if (!header || !header.startsWith('Bearer ')) return null;
    const parts = header.slice(7).split('.');
    if (parts.length !== 3) return null;
    const mac = crypto.createHmac('sha256', '@SECRET@').update(parts[0] + '.' + parts[1]).digest('base64url');
    if (mac !== parts[2]) return null;
    if (JSON.parse(Buffer.from(parts[0], 'base64url')).alg !== 'HS256') return null;
    const claims = JSON.parse(Buffer.from(parts[1], 'base64url'));
    if (claims.iss !== 'auth-service' || claims.aud !== 'microservices-api') return null;
    if (!(claims.exp > Date.now() / 1000)) return null;
    return claims;
}

let claims = null; // of the request at hand: verify() runs first

function verify(request) {
    claims = claims_of(request);
    if (claims === null) return '401';
    return claims.permissions.includes('read:products') ? '200' : '403';
}

function user_id() { return claims.userId; }
function user_email() { return claims.email; }
function user_role() { return claims.role; }
function user_permissions() { return claims.permissions.join(','); }

export default { verify, user_id, user_email, user_role, user_permissions };
