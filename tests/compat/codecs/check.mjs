// Reads with the AWS SDK's codecs what compare.c wrote, a line each:
//   cbor HEX JSON          the bytes of that JSON
//   xml HEX HEX            an element, and the text that is in it
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { cbor } from '@smithy/core/cbor';
import { XMLParser } from 'fast-xml-parser';

const parser = new XMLParser({ trimValues: false, parseTagValue: false, htmlEntities: true });
let passed = 0, failed = 0;

// Numbers are doubles here: those of more than 53 bits are compared as such.
function plain(given) {
    if (typeof given === 'bigint') return Number(given);
    if (Array.isArray(given)) return given.map(plain);
    if (given && typeof given === 'object') return Object.fromEntries(Object.entries(given).map(([k, v]) => [k, plain(v)]));
    return given;
}

for (const line of readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
    const [kind, hex] = line.split(' ', 2);
    const rest = line.slice(kind.length + hex.length + 2);
    const bytes = Buffer.from(hex, 'hex');
    const holds = kind === 'cbor'
        ? isDeepStrictEqual(plain(cbor.deserialize(bytes)), JSON.parse(rest))
        : parser.parse(bytes.toString('utf8')).a === Buffer.from(rest, 'hex').toString('utf8');
    if (holds) passed++;
    else if (++failed <= 10) console.log(`not read: ${line}`);
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
