// Verifies with npm's jose what compare.c signed, three lines each: the key set, the token, its
// claims.
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import * as jose from 'jose';

const lines = readFileSync(0, 'utf8').split('\n');
let passed = 0, failed = 0;
for (let i = 0; i + 2 < lines.length; i += 3) {
    try {
        const { payload } = await jose.jwtVerify(lines[i + 1], jose.createLocalJWKSet(JSON.parse(lines[i])));
        if (!isDeepStrictEqual(payload, JSON.parse(lines[i + 2]))) throw new Error('other claims');
        passed++;
    } catch (error) {
        failed++;
        console.log(`${error}\n${lines[i]}\n${lines[i + 1]}`);
    }
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed || !passed ? 1 : 0);
