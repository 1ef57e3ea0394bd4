// Makes random CBOR, event stream messages and XML with the AWS SDK's codecs, a line each:
//   cbor HEX JSON          what the bytes are as JSON (bytes as base64, times as seconds)
//   event HEX TEXT         the message in words, as compare.c prints it
//   xml HEX TEXT           the tree in words
//
//   generate.mjs SEED COUNT
import { cbor, dateToTag } from '@smithy/core/cbor';
import { EventStreamCodec, Int64 } from '@smithy/eventstream-codec';
import { XMLParser } from 'fast-xml-parser';

let state = Number(process.argv[2] ?? 1) >>> 0;
const count = Number(process.argv[3] ?? 1000);

function draw(below) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
}
const pick = (list) => list[draw(list.length)];
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (most) => Uint8Array.from({ length: draw(most + 1) }, () => draw(256));

const TEXTS = ['', 'a', 'b c', 'é', '😀', 'x'.repeat(30), 'y'.repeat(300), '"\\', '\u0000\u0001\n'];
const NUMBERS = [0, 1, 23, 24, 255, 256, 65535, 65536, 4294967295, 4294967296, 9007199254740991, -1, -24, -25, -256,
    -257, -65537, -4294967297, 0.5, -1.25, 1e300, 1.5e-7, 3.14159, 0.1];
const BIG = [18446744073709551615n, 9223372036854775808n, -9223372036854775808n];

// A value for the SDK and the JSON it should become.
function value(depth) {
    switch (draw(depth > 0 ? 11 : 8)) {
    case 0: { const n = pick(NUMBERS); return [n, JSON.stringify(n)]; }
    case 1: { const n = pick(BIG); return [n, n.toString()]; }
    case 2: case 3: { const t = pick(TEXTS); return [t, JSON.stringify(t)]; }
    case 4: { const b = bytes(40); return [b, JSON.stringify(Buffer.from(b).toString('base64'))]; }
    case 5: return [true, 'true'];
    case 6: return [null, 'null'];
    case 7: { const ms = draw(4000000) * 1000 + pick([0, 500, 250]); return [dateToTag(new Date(ms)), JSON.stringify(ms / 1000)]; }
    case 8: case 9: {
        const parts = Array.from({ length: draw(30) }, () => value(depth - 1));
        return [parts.map((p) => p[0]), `[${parts.map((p) => p[1]).join(',')}]`];
    }
    default: {
        const names = ['a', 'bb', 'é', 'n'.repeat(40)].filter(() => draw(2) === 0);
        const parts = names.map((name) => [name, ...value(depth - 1)]);
        return [Object.fromEntries(parts.map((p) => [p[0], p[1]])),
            `{${parts.map((p) => `${JSON.stringify(p[0])}:${p[2]}`).join(',')}}`];
    }
    }
}

const codec = new EventStreamCodec((b) => Buffer.from(b).toString('utf8'), (t) => Buffer.from(t, 'utf8'));
const HEADERS = {
    boolean: () => { const v = draw(2) === 0; return [v, `${v ? 0 : 1}:`]; },
    byte: () => { const n = draw(256) - 128; return [n, `2:${n}`]; },
    short: () => { const n = draw(65536) - 32768; return [n, `3:${n}`]; },
    integer: () => { const n = draw(1 << 24) * 256 - 2147483648; return [n, `4:${n}`]; },
    long: () => { const n = draw(1 << 24) * 65536 - 500000000000; return [Int64.fromNumber(n), `5:${n}`]; },
    binary: () => { const b = bytes(20); return [b, `6:${hex(b)}`]; },
    string: () => { const t = pick(TEXTS); return [t, `7:${hex(Buffer.from(t))}`]; },
    timestamp: () => { const ms = draw(1 << 24) * 100000; return [new Date(ms), `8:${ms}`]; },
    uuid: () => {
        const h = hex(Uint8Array.from({ length: 16 }, () => draw(256)));
        return [`${h.slice(0, 8)}-${h.slice(8, 12)}-${h.slice(12, 16)}-${h.slice(16, 20)}-${h.slice(20)}`, `9:${h}`];
    },
};

function message() {
    const headers = {};
    let words = '';
    for (const name of [':message-type', ':event-type', 'a', 'h'.repeat(200)].filter(() => draw(2) === 0)) {
        const type = pick(Object.keys(HEADERS));
        const [v, text] = HEADERS[type]();
        headers[name] = { type, value: v };
        words += `${name}=${text};`;
    }
    const body = bytes(200);
    return `event ${hex(codec.encode({ headers, body }))} ${words}${hex(body)}`;
}

const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: false, trimValues: false, parseTagValue: false,
    parseAttributeValue: false, htmlEntities: true });
const PIECES = ['x', ' ', '\n  ', 'é', '&amp;', '&lt;', '&#65;', '&#xe9;', '<![CDATA[ <&> ]]>', '<!-- c -->', '<?p i?>', '>', "'"];

function element(depth) {
    const name = pick(['a', 'b', 's:c', 'd-e', 'f.g', 'é']);
    let attributes = '';
    for (const one of ['x', 'y:z'].filter(() => draw(4) === 0)) attributes += ` ${one}=${pick(['"1"', "'&quot;2'", '"a&amp;b &#x41;"', "''"])}`;
    let content = '';
    for (let n = draw(5); n > 0; n--) content += depth > 0 && draw(2) === 0 ? element(depth - 1) : pick(PIECES);
    return content === '' && draw(2) === 0 ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name} >`;
}

function words(node) {
    const name = Object.keys(node).find((key) => key !== ':@');
    let attributes = '', text = '', children = '';
    for (const [key, v] of Object.entries(node[':@'] ?? {})) attributes += `[${key.slice(2)}=${v}]`;
    for (const child of node[name]) {
        if (child['#text'] !== undefined) text += child['#text'];
        else if (!Object.keys(child)[0].startsWith('?')) children += words(child);
    }
    return `${name}${attributes}${text ? `{${text}}` : ''}${children ? `(${children})` : ''}`;
}

const lines = [];
for (let i = 0; i < count; i++) {
    const [given, json] = value(3);
    lines.push(`cbor ${hex(cbor.serialize(given))} ${json}`);
    lines.push(message());
    const text = element(3);
    lines.push(`xml ${hex(Buffer.from(text))} ${hex(Buffer.from(words(parser.parse(text)[0])))}`);
}
process.stdout.write(lines.join('\n') + '\n');
