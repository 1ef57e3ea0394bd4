# What the fault tests share: starting Portico, waiting with deadlines, counting.
# Sourced from the repository's root, after `make`.
set -u
portico=build/portico
base=$(mktemp -d)
passed=0 failed=0
pids=()
trap 'for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null; done; rm -rf "$base"' EXIT

ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $*"; }

# until_true SECONDS COMMAND...
until_true() {
    local end=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$end" ] || return 1
        sleep 0.02
    done
}

# start NAME ARGUMENT...: sets $pid and $url
start() {
    local name=$1
    shift
    $portico serve --listen 127.0.0.1:0 "$@" >"$base/$name.out" 2>"$base/$name.log" &
    pid=$!
    pids+=("$pid")
    until_true 20 grep -q '^listening on' "$base/$name.out" || return 1
    url=$(sed -n 's/^listening on //p' "$base/$name.out")
}
child() { pgrep -P "$1" -f "portico-$2"; }
not() { ! "$@"; }
gone() { ! kill -0 "$1" 2>/dev/null; }
healthy() { curl -sf -m 5 "$url/_portico/health" | grep -q '"status":"ok"'; }
sign() { curl -s -m 20 --aws-sigv4 aws:amz:us-east-1:apigateway --user test:test "$@"; }

# deploy URL: prints the id of an API whose GET / answers {"ok":true}
deploy() {
    local u=$1 id root m
    id=$(sign "$u/restapis" -d '{"name":"fault"}' | jq -r .id)
    root=$(sign "$u/restapis/$id/resources" | jq -r '.item[0].id')
    m=$u/restapis/$id/resources/$root/methods/GET
    {
        sign -X PUT "$m" -d '{"authorizationType":"NONE"}'
        sign -X PUT "$m/integration" \
            -d '{"type":"MOCK","requestTemplates":{"application/json":"{\"statusCode\": 200}"}}'
        sign -X PUT "$m/responses/200" -d '{}'
        sign -X PUT "$m/integration/responses/200" \
            -d '{"responseTemplates":{"application/json":"{\"ok\":true}"}}'
        sign "$u/restapis/$id/deployments" -d '{"stageName":"dev"}'
    } >/dev/null
    echo "$id"
}
serves() { curl -s -m 20 "$url/_aws/execute-api/$1/dev/" | grep -q '"ok":true'; }

finish() {
    echo "$(basename "$(dirname "$0")"): $passed passed, $failed failed, 0 skipped"
    [ "$failed" = 0 ]
}
