// Measures what Node's packages need for the work of engines.c: nanoseconds of a processor an operation.
//
//   peers.mjs FOLDER
import { readFileSync } from 'node:fs';
import Ajv from 'ajv-draft-04';
import velocity from 'velocityjs';

const read = (name) => readFileSync(`${process.argv[2]}/${name}`, 'utf8');
const body = read('body.json');

// Time on a processor, as in bench.h; Node's helpers count, too.
function spent(began) {
    const { user, system } = process.cpuUsage(began);
    return user + system;
}

function measure(name, operation) {
    const began = process.cpuUsage();
    let count = 0;
    do {
        for (let i = 0; i < 64; i++) operation();
        count += 64;
    } while (spent(began) < 40_000);
    console.log(`${name} ${Math.round(spent(began) * 1000 / count)}`);
}

// The body is parsed by each rendering that reads it, as in Portico.
function context() {
    let root;
    return {
        input: { path: () => (root ??= JSON.parse(body)) },
        util: { escapeJavaScript: (text) => JSON.stringify(text).slice(1, -1) },
        context: {},
    };
}

// velocityjs as its users call it, which parses the template each time; and parsed once.
const template = read('template.vm');
const program = new velocity.Compile(velocity.parse(template));
const render = () => velocity.render(template, context());
const renderParsed = () => program.render(context());

const validate = new Ajv({ strict: false }).compile(JSON.parse(read('schema.json')));
function parseAndValidate() {
    if (!validate(JSON.parse(body))) throw new Error('invalid');
}

if (!render().includes('SKU-10401')) throw new Error(render());
for (let warm = 0; warm < 3; warm++) {
    for (let i = 0; i < 2000; i++) {
        render();
        renderParsed();
        parseAndValidate();
    }
}
measure('velocityjs', render);
measure('velocityjs-parsed', renderParsed);
measure('ajv', parseAndValidate);
