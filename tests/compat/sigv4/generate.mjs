// Makes random requests and signs them with the signer of the AWS SDK, a JSON object a line.
//
//   generate.mjs SEED COUNT
//
// What the SDK signs is a map of decoded parameters; the query that goes with it is spelled in
// random ways that mean the same.
import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '@aws-crypto/sha256-js';

let state = Number(process.argv[2] ?? 1) >>> 0;
const count = Number(process.argv[3] ?? 2000);

function draw(below) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
}
const pick = (list) => list[draw(list.length)];
const chance = (percent) => draw(100) < percent;
const times = (n, make) => Array.from({ length: n }, make);

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
const SERVICES = ['execute-api', 'apigateway', 'lambda', 'iam', 's3'];
const REGIONS = ['us-east-1', 'eu-central-1', 'ap-southeast-2'];
const SEGMENTS = ['a', 'dev', '@connections', 'abc%3D', '', '.', '..', '...', 'a%20b', 'a b', '%2F', '%2f', '~x', "it's", '(b)', 'x*y', 'a+b',
    'a!', 'é', '%C3%A9', '日本', '😀', '$default', 'a:b', 'a;b', 'a,b', 'a=b', 'a&b', '{id}', '%', '%zz', '-._~'];
const TEXTS = ['', 'a', 'b', 'A', 'aa', 'a b', ' ', '+', 'a+b', '/', 'a/b', '=', 'a=b', '&', '%', '%20', '~', '*', "'", '()', '!', 'é', '日本', '😀', '\t',
    '\n', '"', '<>', 'a-b', 'a_b', 'a.b', '1', '10', '2', '@', ':', ',', ';', '#', '?', '[x]', 'filter.name', 'Filter.1'];
const HEADERS = ['content-type', 'accept', 'x-api-key', 'x-amz-target', 'x-amz-meta-a', 'x-amz-meta-b', 'my-header1', 'my-header10', 'my-header2', 'zeta',
    'user-agent', 'referer', 'x-amzn-trace-id', 'expect', 'cache-control', 'accept-language'];
const VALUES = ['a', 'a b', 'a  b', '  a', 'a  ', 'a \t b', '"a   b"', '*/*', 'application/json; charset=utf-8', 'é', '日本', 'a,b', 'a, b', '0', ''];

function encodeChar(char) {
    return [...Buffer.from(char)].map((byte) => {
        const hex = byte.toString(16).padStart(2, '0');
        return '%' + (chance(50) ? hex.toUpperCase() : hex);
    }).join('');
}

// The text as it may stand in a query.
function spell(text, isName) {
    return [...text].map((char) => {
        if (/[A-Za-z0-9\-._~]/.test(char)) return chance(5) ? encodeChar(char) : char;
        if ("/:@,!'()*+?;[]".includes(char) || (char === '=' && !isName) || char > '\x7f') return chance(30) ? char : encodeChar(char);
        return encodeChar(char);
    }).join('');
}

function spellQuery(query) {
    const pairs = [];
    for (const [name, values] of Object.entries(query))
        for (const value of [values].flat())
            pairs.splice(draw(pairs.length + 1), 0, value === '' && chance(50) && name ? spell(name, true) : spell(name, true) + '=' + spell(value, false));
    return pairs.join('&') + (pairs.length && chance(5) ? '&' : '');
}

const makePath = () => '/' + times(draw(6), () => pick(SEGMENTS)).join('/');

function makeQuery() {
    const query = {};
    for (const name of times(draw(6), () => pick(TEXTS)))
        query[name] = chance(25) ? times(1 + draw(4), () => pick(TEXTS)) : pick(TEXTS);
    return query;
}

function makeHeaders() {
    const headers = { host: pick(['h', 'abc.execute-api.us-east-1.amazonaws.com', '127.0.0.1:4566']) };
    for (const name of times(draw(6), () => pick(HEADERS))) headers[name] = pick(VALUES);
    return headers;
}

// Lines in a random order, names in random case; a value with a comma may be two lines.
function spellHeaders(headers) {
    const lines = [];
    for (const [name, value] of Object.entries(headers)) {
        const as = chance(50) ? name : name.replace(/(^|-)[a-z]/g, (s) => s.toUpperCase());
        const parts = value === 'a,b' && name !== 'host' && chance(50) ? ['a', 'b'] : [value];
        const at = draw(lines.length + 1);
        lines.splice(at, 0, ...parts.map((part) => [as, part]));
    }
    return lines;
}

async function makeCase() {
    const service = pick(SERVICES);
    const isPresigned = chance(30);
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: pick(['secret', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', 'é'.repeat(40)]) };
    if (chance(40)) Object.assign(credentials, { accessKeyId: 'ASIAEXAMPLE', sessionToken: pick(['t', 'FwoGZXIvYXdzEJr//////////wEaD+a/b==', 'a b']) });
    const signer = new SignatureV4({ service, region: pick(REGIONS), credentials, sha256: Sha256, uriEscapePath: service !== 's3', applyChecksum: service === 's3' || chance(30) });
    const signingDate = new Date(1600000000000 + draw(1 << 24) * 20000);
    const body = isPresigned || chance(30) ? '' : pick(TEXTS);
    const request = { method: pick(METHODS), protocol: 'https:', hostname: 'h', path: makePath(), query: makeQuery(), headers: makeHeaders(), body };
    if (isPresigned && service === 's3') request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'; // as its presigner does
    const signed = isPresigned ? await signer.presign(request, { signingDate, expiresIn: 1 + draw(604800) }) : await signer.sign(request, { signingDate });
    const result = {
        service, region: await signer.regionProvider(), wall: Math.floor(signingDate.getTime() / 1000), key: credentials.accessKeyId,
        secret: credentials.secretAccessKey, token: credentials.sessionToken ?? '', method: request.method, path: request.path,
        query: spellQuery(signed.query), headers: spellHeaders(signed.headers), payload: createHash('sha256').update(body).digest('hex'),
    };
    if (isPresigned) {
        result.signature = signed.query['X-Amz-Signature'];
        result.expires = Number(signed.query['X-Amz-Expires']);
        // What was asked for, to presign it ourselves: the SDK moves x-amz-* headers to the query and signs all others.
        result.plain = spellQuery(Object.fromEntries(Object.entries(signed.query).filter(([name]) => !/^X-Amz-(Algorithm|Credential|Date|Expires|Signature|SignedHeaders|Security-Token)$/.test(name))));
    }
    return result;
}

for (let i = 0; i < count; i++) console.log(JSON.stringify(await makeCase()));
