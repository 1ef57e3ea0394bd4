'use strict';
// Runs a Node.js function: loads its handler, then answers invocations that come as frames over
// descriptor 3 (docs/internals/host.md).  Behaves as AWS's runtime does (spec/lambda.md, 4.6 and 6.1).
//
// Between two invocations it blocks in a read, so nothing of the function runs then, as on AWS,
// where the instance is frozen.  That is also the quickest way to wait: no descriptor keeps the
// event loop alive, and `beforeExit` says when a function has nothing more to do.

const fs = require('fs');
const path = require('path');
const util = require('util');

const CHANNEL = 3;
const RESULT_MAX = 6291556; // bytes
const TOO_LARGE =
  `Response payload size exceeded maximum allowed payload size (${RESULT_MAX} bytes).`;
const env = process.env;

// ---- the trace -----------------------------------------------------------------------------------

// The trace of an invocation is a variable of the environment, as on AWS, but it is kept beside the
// others: the C library never frees a value that a name once had, so that an instance would grow
// with each call, and get slower.
const TRACE = '_X_AMZN_TRACE_ID';
let trace;

delete env[TRACE];
process.env = new Proxy(env, {
  get: (target, name) => (name === TRACE ? trace : target[name]),
  has: (target, name) => (name === TRACE ? trace !== undefined : name in target),
  set(target, name, value) {
    if (name === TRACE) trace = String(value);
    else target[name] = value;
    return true;
  },
  deleteProperty(target, name) {
    if (name === TRACE) trace = undefined;
    else delete target[name];
    return true;
  },
  ownKeys(target) {
    const names = Reflect.ownKeys(target);
    return trace === undefined ? names : names.concat(TRACE);
  },
  getOwnPropertyDescriptor(target, name) {
    if (name !== TRACE) return Reflect.getOwnPropertyDescriptor(target, name);
    return trace === undefined
      ? undefined
      : { value: trace, writable: true, enumerable: true, configurable: true };
  },
});

// ---- frames ------------------------------------------------------------------------------------

let received = Buffer.allocUnsafe(64 * 1024);
let start = 0; // of what was received and not yet taken
let end = 0;

function writeAll(fd, buffer) {
  for (let at = 0; at < buffer.length;) {
    try {
      at += fs.writeSync(fd, buffer, at);
    } catch (e) {
      if (e.code !== 'EAGAIN') throw e;
      // The function has made it non-blocking; the other side is slow.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

// Takes n bytes; the result is valid until the next call.
function take(n) {
  if (start + n > received.length) {
    const larger = n > received.length ? Buffer.allocUnsafe(n) : received;
    received.copy(larger, 0, start, end);
    received = larger;
    end -= start;
    start = 0;
  }
  while (end - start < n) {
    const got = fs.readSync(CHANNEL, received, end, received.length - end, null);
    if (got === 0) process.exit(0); // the gateway has gone
    end += got;
  }
  const at = start;
  start += n;
  if (start === end) start = end = 0;
  return received.subarray(at, at + n);
}

function readInvocation() {
  const payload = take(take(5).readUInt32BE(0));
  const headerEnd = 4 + payload.readUInt32BE(0);
  return [JSON.parse(payload.toString('utf8', 4, headerEnd)), payload.toString('utf8', headerEnd)];
}

function send(type, payload) {
  const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length;
  const frame = Buffer.allocUnsafe(5 + length);
  frame.writeUInt32BE(length, 0);
  frame[4] = type.charCodeAt(0);
  if (typeof payload === 'string') frame.write(payload, 5);
  else payload.copy(frame, 5);
  writeAll(CHANNEL, frame);
}

// ---- errors ------------------------------------------------------------------------------------

function runtimeError(name, message, more) {
  const error = new Error(message);
  const stack = error.stack; // written when it is first read, with the name of that time
  Object.defineProperty(error, 'name', { value: `Runtime.${name}`, enumerable: false });
  error.stack = `Runtime.${name}: ${message}` + stack.slice(`Error: ${message}`.length);
  return Object.assign(error, more);
}

function isError(e) {
  return util.types.isNativeError(e) || !!(e && e.name && e.message && e.stack);
}

// What is posted.
function describe(e) {
  try {
    if (isError(e)) {
      return { errorType: e.name, errorMessage: e.message, trace: String(e.stack).split('\n') };
    }
    return { errorType: typeof e, errorMessage: String(e), trace: [] };
  } catch (_) {
    return {
      errorType: 'handled',
      errorMessage: 'callback called with Error argument, but there was a problem while ' +
        'retrieving one or more of its message, name, and stack',
    };
  }
}

// What is logged: the error's own properties too.
function format(e) {
  const expand = (_, v) => {
    if (!(v instanceof Error)) return v;
    const out = Object.assign({ errorType: v.name, errorMessage: v.message, code: v.code }, v);
    if (typeof v.stack === 'string') out.stack = v.stack.split('\n');
    return out;
  };
  try {
    return '\t' + JSON.stringify(e, expand);
  } catch (_) {
    return '\t' + JSON.stringify(describe(e));
  }
}

// ---- console -----------------------------------------------------------------------------------

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
let requestId; // of the current or the last invocation

function writeLine(text) {
  writeAll(1, Buffer.from(text.replace(/\n/g, '\r') + '\n'));
}

function logText(level, args) {
  writeLine(`${new Date().toISOString()}\t${requestId}\t${level}\t${util.format(...args)}`);
}

function logJson(level, args) {
  const line = { timestamp: new Date().toISOString(), level, requestId };
  if (args.length === 1 && typeof args[0] === 'object' && args[0] !== null && !isError(args[0])) {
    try {
      writeLine(JSON.stringify({ ...line, message: args[0] }));
      return;
    } catch (_) {
      // not JSON: as text, then
    }
  }
  line.message = util.format(...args);
  const error = args.find(isError);
  if (error) {
    line.errorType = error.name;
    line.errorMessage = error.message;
    line.stackTrace = String(error.stack).split('\n');
  }
  writeLine(JSON.stringify(line));
}

function patchConsole() {
  const asJson = env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
  const log = asJson ? logJson : logText;
  const least = asJson ? LEVELS.indexOf(env.AWS_LAMBDA_LOG_LEVEL || 'INFO') : 0;
  const at = (level) => LEVELS.indexOf(level) >= least
    ? (...args) => log(level, args) : () => {};
  console.log = console.info = at('INFO');
  console.trace = at('TRACE');
  console.debug = at('DEBUG');
  console.warn = at('WARN');
  console.error = at('ERROR');
  console.fatal = at('FATAL');
}

// ---- the handler -------------------------------------------------------------------------------

// Whether .js files of this folder are ES modules: the nearest package.json says so.
function isModuleFolder(folder) {
  for (;; folder = path.dirname(folder)) {
    if (folder.endsWith('/node_modules')) return false;
    const file = path.join(folder, 'package.json');
    if (fs.existsSync(file)) {
      try {
        return JSON.parse(fs.readFileSync(file, 'utf8')).type === 'module';
      } catch (e) {
        console.warn(`cannot read '${file}': ${e.message}`);
        return false;
      }
    }
    if (folder === '/') return false;
  }
}

async function importModule(root, folder, name) {
  const file = path.resolve(root, folder, name);
  const importFile = (f) => import(require('url').pathToFileURL(f).href);

  if (fs.existsSync(file)) return require(file);
  const isModule = isModuleFolder(path.dirname(file));
  if (fs.existsSync(file + '.js')) {
    return isModule ? importFile(file + '.js') : require(file + '.js');
  }
  if (fs.existsSync(file + '.mjs')) return importFile(file + '.mjs');
  if (fs.existsSync(file + '.cjs')) return require(file + '.cjs');
  return require(require.resolve(name, { paths: [root, path.join(root, folder)] }));
}

async function loadHandler(root, handler) {
  if (handler.includes('..')) {
    throw runtimeError('MalformedHandlerName', `'${handler}' is not a valid handler name. ` +
      'Use absolute paths when specifying root directories in handler names.');
  }
  const last = path.basename(handler);
  const dot = last.indexOf('.');
  if (dot < 0) throw runtimeError('MalformedHandlerName', 'Bad handler');

  const folder = handler.slice(0, handler.length - last.length);
  let found;
  try {
    found = await importModule(root, folder, last.slice(0, dot));
  } catch (e) {
    if (e instanceof SyntaxError) throw runtimeError('UserCodeSyntaxError', String(e));
    if (e && e.code === 'MODULE_NOT_FOUND') throw runtimeError('ImportModuleError', String(e));
    throw e;
  }
  for (const name of last.slice(dot + 1).split('.')) found = found && found[name];
  if (!found) throw runtimeError('HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') {
    throw runtimeError('HandlerNotFound', `${handler} is not a function`);
  }
  return found;
}

// ---- streamed answers --------------------------------------------------------------------------

const STREAMED = Symbol.for('aws.lambda.runtime.handler.streaming');

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMED] = 'response';
    handler.highWaterMark = options && options.highWaterMark;
    return handler;
  },
  HttpResponseStream: {
    // The metadata, eight zero bytes, then the body.
    from(stream, metadata) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream.write(JSON.stringify(metadata));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

// Collects: the channel carries whole answers.
function collectingStream() {
  const chunks = [];
  const stream = new (require('stream').Writable)({
    write(chunk, encoding, done) {
      chunks.push(Buffer.from(chunk, encoding));
      done();
    },
  });
  stream.setContentType = () => {};
  stream.collected = () => Buffer.concat(chunks);
  return stream;
}

// ---- invocations -------------------------------------------------------------------------------

let current = null; // the invocation that is not answered yet

function answer(invocation, type, payload) {
  if (invocation.isAnswered) return;
  invocation.isAnswered = true;
  current = null;
  onEmptyLoop = null;
  if (Buffer.byteLength(payload) <= RESULT_MAX) {
    send(type, payload);
  } else {
    send('E', JSON.stringify({
      errorMessage: TOO_LARGE, errorType: 'Function.ResponseSizeTooLarge',
    }));
  }
  setImmediate(next);
}

function answerResult(invocation, result) {
  let text;
  try {
    text = JSON.stringify(result);
  } catch (_) {
    answerError(invocation, new Error('Unable to stringify response body'));
    return;
  }
  answer(invocation, 'R', text === undefined ? 'null' : text);
}

function answerError(invocation, error) {
  if (invocation.isAnswered) return;
  console.error('Invoke Error', format(error));
  answer(invocation, 'E', JSON.stringify(describe(error)));
}

function makeContext(invocation, header) {
  const done = (error, result) => {
    if (error !== undefined && error !== null) answerError(invocation, error);
    else answerResult(invocation, result);
  };
  return {
    get callbackWaitsForEmptyEventLoop() { return invocation.waits; },
    set callbackWaitsForEmptyEventLoop(value) { invocation.waits = value; },
    succeed: (result) => done(null, result),
    fail: (error) => done(error === undefined || error === null ? 'handled' : error),
    done,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: header.clientContext,
    identity: header.identity,
    invokedFunctionArn: header.functionArn,
    awsRequestId: header.requestId,
    tenantId: header.tenantId,
    getRemainingTimeInMillis: () => header.deadlineMs - Date.now(),
  };
}

// The third argument of a handler.  A result waits until the function has nothing more to do.
function makeCallback(invocation) {
  let isCalled = false;
  return (error, result) => {
    if (isCalled || invocation.isAnswered) return;
    isCalled = true;
    if (error !== undefined && error !== null) answerError(invocation, error);
    else if (!invocation.waits) answerResult(invocation, result);
    else onEmptyLoop = () => answerResult(invocation, result);
  };
}

function runStreamed(handler, invocation, event, context) {
  const stream = collectingStream();
  const finished = new Promise((resolve, reject) => {
    stream.on('finish', resolve);
    stream.on('error', reject);
  });
  Promise.resolve(handler(event, stream, context)).then(() => finished)
    .then(() => answer(invocation, 'R', stream.collected()))
    .catch((error) => answerError(invocation, error));
}

let handler;
let onEmptyLoop = null;

function next() {
  const [header, text] = readInvocation();
  const invocation = current = { isAnswered: false, waits: true };

  requestId = header.requestId;
  trace = header.traceId || undefined;
  // A handler that neither answers nor has anything left to do has answered null.
  onEmptyLoop = () => answer(invocation, 'R', 'null');
  try {
    const event = JSON.parse(text);
    const context = makeContext(invocation, header);
    if (handler[STREAMED]) {
      runStreamed(handler, invocation, event, context);
      return;
    }
    const result = handler(event, context, makeCallback(invocation));
    if (result !== null && result !== undefined && typeof result.then === 'function') {
      result.then(context.succeed, context.fail);
    }
  } catch (error) {
    answerError(invocation, error);
  }
}

// ---- the process -------------------------------------------------------------------------------

// Ends the process; the invocation that is under way, or the init, gets the error.
function die(words, error, code) {
  try {
    console.error(words, format(error));
    const described = JSON.stringify(describe(error));
    if (!handler) send('X', described);
    else if (current && !current.isAnswered) send('E', described);
  } finally {
    process.exit(code);
  }
}

process.on('beforeExit', () => {
  const run = onEmptyLoop;
  onEmptyLoop = null;
  if (run) setImmediate(run);
});
process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason, promise) => {
  const error = runtimeError('UnhandledPromiseRejection', String(reason), { reason, promise });
  die('Unhandled Promise Rejection', error, 128);
});

patchConsole();
loadHandler(env.LAMBDA_TASK_ROOT || process.cwd(), env._HANDLER || '').then((loaded) => {
  handler = loaded;
  send('N', '');
  setImmediate(next);
}, (error) => die('Uncaught Exception', error, 129));
