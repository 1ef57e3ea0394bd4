# Runs a Python function: loads its handler, then answers invocations that come as frames over
# descriptor 3 (docs/internals/host.md).  Behaves as AWS's runtime does (spec/lambda.md, 4.7 and 6.1).
#
# It imports as little as it can, since each import is paid for by every cold start: `logging` is
# set up when the function imports it, `traceback` when something fails.
import importlib
import json
import os
import sys
import time

CHANNEL = 3
RESULT_MAX = 6291556  # bytes
TOO_LARGE = "Response payload size exceeded maximum allowed payload size (%d bytes)." % RESULT_MAX
INDENT = "\u00a0\u00a0"  # what AWS writes where a traceback has two blanks


class Fault(Exception):
    """An error of the runtime, not of the function's code."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind, self.message, self.trace = kind, message, trace


# ---- frames ------------------------------------------------------------------------------------

pending = b""


def read_exactly(n):
    global pending
    pieces = [pending]
    have = len(pending)
    while have < n:
        piece = os.read(CHANNEL, max(65536, n - have))
        if not piece:
            sys.stdout.flush()
            os._exit(0)  # the gateway has gone
        pieces.append(piece)
        have += len(piece)
    whole = b"".join(pieces)
    pending = whole[n:]
    return whole[:n]


def read_invocation():
    head = read_exactly(5)
    payload = read_exactly(int.from_bytes(head[:4], "big"))
    end = 4 + int.from_bytes(payload[:4], "big")
    return json.loads(payload[4:end]), payload[end:]


def send(kind, payload=b""):
    flush()
    frame = memoryview(len(payload).to_bytes(4, "big") + kind + payload)
    while frame:
        frame = frame[os.write(CHANNEL, frame):]


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # the function has replaced or closed it


# ---- errors ------------------------------------------------------------------------------------

def describe(message, kind, trace, request_id):
    return {
        "errorMessage": message or "",
        "errorType": kind or "",
        "requestId": request_id or "",
        "stackTrace": trace or [],
    }


def describe_current(request_id):
    """Of the exception that is being handled; our own frames are not shown."""
    import traceback

    kind, value, where = sys.exc_info()
    frames = traceback.extract_tb(where)
    own = 0
    while own < len(frames) and frames[own].filename == __file__:
        own += 1
    if own == len(frames):
        own = 0
    return describe(str(value), kind.__name__, format_frames(traceback, frames[own:]), request_id)


def format_frames(traceback, frames):
    """Without the marks under a line that newer Pythons add, as AWS."""
    return traceback.format_list([(f.filename, f.lineno, f.name, f.line) for f in frames])


def log_error(error):
    """One event of the log, whatever lines it has: they are kept together by carriage returns."""
    first = "[ERROR]"
    if error["errorType"]:
        first += " " + error["errorType"]
    if error["errorMessage"]:
        first += (":" if error["errorType"] else "") + " " + error["errorMessage"]
    lines = [first]
    if error["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        for element in error["stackTrace"]:
            for line in element.splitlines():
                bare = line.lstrip(" ")
                lines.append(INDENT * ((len(line) - len(bare)) // 2) + bare)
    write_log("\r".join(lines).replace("\n", "\r") + "\n")


def write_log(text):
    try:
        sys.stdout.write(text)
    except (AttributeError, OSError, ValueError):
        pass


# ---- the handler's context ---------------------------------------------------------------------

class CognitoIdentity:
    __slots__ = ["cognito_identity_id", "cognito_identity_pool_id"]


class Client:
    __slots__ = ["installation_id", "app_title", "app_version_name", "app_version_code",
                 "app_package_name"]


class ClientContext:
    __slots__ = ["custom", "env", "client"]


def fill(kind, members):
    if members is None:
        return None
    made = kind()
    for name in kind.__slots__:
        setattr(made, name, members.get(name))
    return made


class LambdaContext:
    def __init__(self, header):
        environ = os.environ
        identity = header.get("identity") or {}
        self.aws_request_id = header["requestId"]
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = header.get("functionArn")
        self.tenant_id = header.get("tenantId")
        self.client_context = fill(ClientContext, header.get("clientContext"))
        if self.client_context is not None:
            self.client_context.client = fill(Client, self.client_context.client)
        self.identity = fill(CognitoIdentity, {
            "cognito_identity_id": identity.get("cognitoIdentityId"),
            "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
        })
        self._deadline_ms = header["deadlineMs"]

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        write_log(str(message))

    def __repr__(self):
        names = ("aws_request_id", "log_group_name", "log_stream_name", "function_name",
                 "memory_limit_in_mb", "function_version", "invoked_function_arn",
                 "client_context", "identity", "tenant_id")
        return "LambdaContext([%s])" % ",".join("%s=%s" % (n, getattr(self, n)) for n in names)


# ---- logging -----------------------------------------------------------------------------------

request_id = None  # of the current invocation


def set_up_logging(logging):
    as_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

    class Handler(logging.Handler):
        def emit(self, record):
            try:
                record.aws_request_id = request_id
                text = self.format(record)
                write_log(text.rstrip("\n").replace("\n", "\r") + "\n")
            except Exception:
                self.handleError(record)

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            out = {
                "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
            }
            if record.exc_info and record.exc_info[0]:
                import traceback
                out["stackTrace"] = format_frames(
                    traceback, traceback.extract_tb(record.exc_info[2]))
                out["errorType"] = record.exc_info[0].__name__
                out["errorMessage"] = str(record.exc_info[1])
                out["location"] = "%s:%s:%d" % (record.pathname, record.funcName, record.lineno)
            if request_id is not None:
                out["requestId"] = request_id
            return json.dumps(out, ensure_ascii=False, default=str)

    logging.Formatter.converter = time.gmtime
    handler = Handler()
    if as_json:
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s\n",
            "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")
    if as_json and level:
        root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))


class LoggingFinder:
    """Sees the first `import logging` of the function, and sets the root logger up behind it."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != "logging":
            return None
        sys.meta_path.remove(LoggingFinder)
        import importlib.machinery

        spec = importlib.machinery.PathFinder.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            set_up_logging(module)

        spec.loader.exec_module = exec_module
        return spec


# ---- the function ------------------------------------------------------------------------------

def load_handler(name):
    if "." not in name:
        raise Fault("Runtime.MalformedHandlerName",
                    "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
    module_name, function_name = name.rsplit(".", 1)
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict",
                    "Cannot use built-in module %s as a handler module" % module_name)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as e:
        raise Fault("Runtime.ImportModuleError",
                    "Unable to import module '%s': %s" % (module_name, e))
    except SyntaxError as e:
        raise Fault("Runtime.UserCodeSyntaxError",
                    "Syntax error in module '%s': %s" % (module_name, e),
                    ['  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)])
    if not hasattr(module, function_name):
        raise Fault("Runtime.HandlerNotFound",
                    "Handler '%s' missing on module '%s'" % (function_name, module_name))
    return getattr(module, function_name)


def simplify(value):
    """Decimals as numbers; json.dumps calls this for what it does not know."""
    if type(value).__name__ == "Decimal" and type(value).__module__ == "decimal":
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def encode(value):
    try:
        return json.dumps(value, default=simplify, ensure_ascii=ENSURE_ASCII).encode()
    except Exception as e:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % e)


def decode(event):
    try:
        return json.loads(event)
    except Exception as e:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e)


def answer(handler, header, event):
    """One invocation: the type of the frame that answers it, and what is in it."""
    global request_id
    request_id = header["requestId"]
    if header.get("traceId"):
        os.environ["_X_AMZN_TRACE_ID"] = header["traceId"]
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        result = encode(handler(decode(event), LambdaContext(header)))
        if len(result) <= RESULT_MAX:
            return b"R", result
        return b"E", json.dumps({"errorMessage": TOO_LARGE,
                                 "errorType": "Function.ResponseSizeTooLarge"}).encode()
    except Fault as fault:
        error = describe(fault.message, fault.kind, fault.trace, request_id)
    except Exception:
        error = describe_current(request_id)
    log_error(error)
    payload = json.dumps(error).encode()
    if len(payload) > RESULT_MAX:
        error["errorMessage"], error["stackTrace"] = error["errorMessage"][:65536], []
        payload = json.dumps(error).encode()
    return b"E", payload


def initialize():
    try:
        return load_handler(os.environ.get("_HANDLER", ""))
    except Fault as fault:
        error = describe(fault.message, fault.kind, fault.trace, None)
    except Exception:
        error = describe_current(None)
    log_error(error)
    send(b"X", json.dumps(error).encode())
    sys.exit(1)


def main():
    os.set_inheritable(CHANNEL, False)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")
    task = os.environ.get("LAMBDA_TASK_ROOT", os.getcwd())
    python = "python%d.%d" % sys.version_info[:2]
    runtime = sys.path[0]  # where this file is
    sys.path[0:1] = [task, "/opt/python/lib/%s/site-packages" % python, "/opt/python", runtime]
    sys.meta_path.insert(0, LoggingFinder)
    handler = initialize()
    send(b"N")
    while True:
        header, event = read_invocation()
        send(*answer(handler, header, event))


# Since Python 3.12 AWS's runtime leaves what is not ASCII as it is.
ENSURE_ASCII = os.environ.get("AWS_EXECUTION_ENV", "") in (
    "AWS_Lambda_python3.8", "AWS_Lambda_python3.9", "AWS_Lambda_python3.10",
    "AWS_Lambda_python3.11")

if __name__ == "__main__":
    main()
