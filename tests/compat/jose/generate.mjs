// Makes random tokens and key sets with npm's jose, good and spoiled, and says what jose thinks of
// them, five lines each: the key set, the token, the time, "issuer audience", good or bad.
//
//   generate.mjs SEED COUNT
import * as jose from 'jose';

let state = Number(process.argv[2] ?? 1) >>> 0;
const count = Number(process.argv[3] ?? 300);

function draw(below) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
}
const pick = (list) => list[draw(list.length)];
const chance = (percent) => draw(100) < percent;

const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];
const NOW = 1700000000;

const pairs = [];
for (const alg of ALGORITHMS) {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    pairs.push({ alg, privateKey, jwk: await jose.exportJWK(publicKey) });
}

function publish() {
    const keys = [];
    for (const pair of pairs) {
        if (chance(20)) continue;
        const jwk = { ...pair.jwk };
        if (chance(80)) jwk.kid = pick([`k-${pair.alg}`, `k-${pair.alg}`, 'same']);
        if (chance(50)) jwk.alg = chance(80) ? pair.alg : pick(ALGORITHMS);
        if (chance(40)) jwk.use = chance(80) ? 'sig' : 'enc';
        if (chance(20)) jwk.key_ops = pick([['verify'], ['encrypt']]);
        keys.push(jwk);
    }
    if (chance(20)) keys.push({ kty: 'oct', k: 'c2VjcmV0', kid: 'same' });
    return { keys };
}

function claims() {
    const made = { sub: pick(['a', 'é', 'x'.repeat(50)]), n: draw(1000) };
    if (chance(85)) made.iss = pick(['https://issuer', 'https://issuer', 'https://issuer', 'https://other', 'https://issuer/']);
    if (chance(85)) made.aud = pick(['app', ['web', 'app'], 'web', ['app'], []]);
    if (chance(90)) made.exp = NOW + pick([1, 1000, 1000, 1000, 0, -1, 0.5]);
    if (chance(30)) made.nbf = NOW + pick([-1000, 0, 1]);
    if (chance(30)) made.iat = NOW - draw(100);
    return made;
}

// Another character somewhere, but not at the end of a part, where jose takes unused bits as they come.
function spoil(token) {
    const at = draw(token.length - 8);
    if (token[at] === '.' || '.'.includes(token[at + 1]) || at < 4) return token;
    return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

const lines = [];
for (let i = 0; i < count; i++) {
    const pair = pick(pairs);
    const set = publish();
    const header = { alg: pair.alg };
    if (chance(80)) header.kid = pick([`k-${pair.alg}`, `k-${pair.alg}`, 'same', 'none']);
    if (chance(30)) header.typ = 'JWT';
    let token = await new jose.SignJWT(claims()).setProtectedHeader(header).sign(pair.privateKey);
    if (chance(20)) token = spoil(token);
    let verdict = 'good';
    try {
        await jose.jwtVerify(token, jose.createLocalJWKSet(set), { algorithms: ALGORITHMS, issuer: 'https://issuer',
            audience: 'app', requiredClaims: ['exp'], currentDate: new Date(NOW * 1000) });
    } catch {
        verdict = 'bad';
    }
    lines.push(JSON.stringify(set), token, String(NOW), 'https://issuer app', verdict);
}
process.stdout.write(lines.join('\n') + '\n');
