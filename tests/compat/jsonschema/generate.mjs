// Makes random draft-4 schemas and values and says what ajv thinks of them, four lines each:
//   schema or value, the schema, the value (or a dash), valid or invalid
//
//   generate.mjs SEED COUNT
//
// References stand only where a child begins, so that no schema refers to itself without going
// down (ajv has no limit there); divisors are such that binary fractions are exact.
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';

let state = Number(process.argv[2] ?? 1) >>> 0;
const count = Number(process.argv[3] ?? 5000);

function draw(below) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
}
const pick = (list) => list[draw(list.length)];
const chance = (percent) => draw(100) < percent;
const some = (list) => {
    const found = list.filter(() => chance(40));
    return found.length ? found : [pick(list)];
};

const NAMES = ['a', 'b', 'ab', 'c-d', 'é', 'longer-name-1', 'longer-name-2'];
const TEXTS = ['', 'a', 'ab', 'aab', 'abc', 'é😀', '1', 'x y', '127.0.0.1', '1.2.3', '::1', '1::2::3', 'ffff::1.2.3.4', '12345::'];
const NUMBERS = [0, 1, -1, 2, 3, 5, 2.5, -0.5, 10, 100, 1e15, 1.5e-7, 12345678901];
const PATTERNS = ['^a', 'b$', '^a+b?$', '[0-9]', '^.{2}$', 'é', '\\d\\d', '^$', 'x\\sy'];
const TYPES = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

function value(depth) {
    switch (depth > 0 ? draw(9) : 2 + draw(5)) {
    case 0: case 7:
        return Object.fromEntries(NAMES.filter(() => chance(40)).map((name) => [name, value(depth - 1)]));
    case 1: case 8:
        return Array.from({ length: draw(5) }, () => value(depth - 1));
    case 2: case 3:
        return pick(TEXTS);
    case 4:
        return pick(NUMBERS);
    case 5:
        return chance(50);
    default:
        return null;
    }
}

const unique = (list) => [...new Map(list.map((v) => [JSON.stringify(v), v])).values()];
const child = (depth) => (chance(15) ? { $ref: pick(['#', '#/definitions/x', '#/definitions/y']) } : schema(depth - 1));
const children = (depth) => Array.from({ length: 1 + draw(3) }, () => child(depth));
const parts = (depth) => Array.from({ length: 1 + draw(3) }, () => schema(depth - 1));

const KEYWORDS = {
    type: () => (chance(70) ? pick(TYPES) : some(TYPES)),
    enum: () => unique(Array.from({ length: 1 + draw(12) }, () => value(1))),
    minimum: () => pick(NUMBERS),
    maximum: () => pick(NUMBERS),
    multipleOf: () => pick([1, 2, 3, 0.5, 0.25]),
    minLength: () => draw(4),
    maxLength: () => draw(4),
    pattern: () => pick(PATTERNS),
    format: () => pick(['ipv4', 'ipv6', 'unknown']),
    minItems: () => draw(4),
    maxItems: () => draw(4),
    uniqueItems: () => chance(70),
    items: (d) => (chance(50) ? child(d) : children(d)),
    additionalItems: (d) => (chance(50) ? chance(30) : child(d)),
    minProperties: () => draw(4),
    maxProperties: () => draw(5),
    required: () => some(NAMES),
    properties: (d) => Object.fromEntries(NAMES.filter(() => chance(50)).map((name) => [name, child(d)])),
    patternProperties: (d) => ({ [pick(PATTERNS)]: child(d), [pick(PATTERNS)]: child(d) }),
    additionalProperties: (d) => (chance(50) ? chance(30) : child(d)),
    dependencies: (d) => ({ [pick(NAMES)]: chance(50) ? some(NAMES) : schema(d - 1) }),
    allOf: parts,
    anyOf: parts,
    oneOf: parts,
    not: (d) => schema(d - 1),
};
const SIMPLE = Object.keys(KEYWORDS).slice(0, 12);

function schema(depth) {
    const made = {};
    const names = depth > 0 ? Object.keys(KEYWORDS) : SIMPLE;
    for (let n = draw(4); n > 0; n--) {
        const name = pick(names);
        made[name] = KEYWORDS[name](depth);
    }
    if (made.minimum !== undefined && chance(40)) made.exclusiveMinimum = chance(60);
    if (made.maximum !== undefined && chance(40)) made.exclusiveMaximum = chance(60);
    return made;
}

// Puts something odd somewhere, so that most of these are no schemas any more.  Not into format,
// which ajv does not look at here.
function spoil(node) {
    const names = Object.keys(node);
    if (names.length > 0 && chance(60)) {
        const below = node[pick(names)];
        if (below && typeof below === 'object' && !Array.isArray(below)) return spoil(below);
    }
    if (node.$ref) return undefined; // siblings are ignored
    node[pick([...Object.keys(KEYWORDS).filter((name) => name !== 'format'), 'title', 'exclusiveMinimum', 'definitions', 'id'])] =
        pick([1, -1, 0.5, '', 'a', true, [], [1], ['a'], ['a', 'a'], {}, { a: 1 }, { a: {} }, [{}], null]);
    return undefined;
}

function judge(made, given) {
    const ajv = new Ajv({ strict: false, logger: false, validateSchema: false, inlineRefs: false });
    addFormats(ajv, ['ipv4', 'ipv6']);
    return ajv.compile(made)(given) ? 'valid' : 'invalid';
}

const meta = new Ajv({ strict: false, logger: false });
addFormats(meta);
const lines = [];
for (let i = 0; i < count; i++) {
    const made = { ...schema(3), definitions: { x: schema(2), y: schema(1) } };
    if (chance(20)) {
        spoil(made);
        if (made.definitions?.x === undefined) continue;
        lines.push('schema', JSON.stringify(made), '-', meta.validateSchema(made) ? 'valid' : 'invalid');
        continue;
    }
    for (let n = 0; n < 3; n++) {
        const given = value(3);
        lines.push('value', JSON.stringify(made), JSON.stringify(given), judge(made, given));
    }
}
process.stdout.write(lines.join('\n') + '\n');
