#!/bin/bash
# deploy.sh - deploys the mock example: a small API that needs nothing behind it.
#
#   examples/mock/deploy.sh [ENDPOINT]        default http://127.0.0.1:4566
#
# Made of the calls that any AWS client would send; curl signs them.  The tag _custom_id_ keeps the
# API's id, and so its URL, the same on every run.  Prints the base URL of the stage.
set -euo pipefail
endpoint=${1:-http://127.0.0.1:4566}
api=users

call() { # METHOD PATH [JSON]
    local answer status
    answer=$(curl -sS -m 30 -w '\n%{http_code}' --aws-sigv4 aws:amz:us-east-1:apigateway \
        --user test:test -X "$1" "$endpoint$2" -H 'Content-Type: application/json' \
        ${3:+--data-binary "$3"})
    status=${answer##*$'\n'}
    answer=${answer%$'\n'*}
    if [ "$status" -ge 300 ]; then
        [ "$status" = 404 ] || echo "deploy: $1 $2: $status $answer" >&2
        return 1
    fi
    printf '%s' "$answer"
}

# mock RESOURCE METHOD STATUS BODY HEADERS: HEADERS is {"Name":"value",...}
mock() {
    local path="/restapis/$api/resources/$1/methods/$2" declared mapped
    declared=$(jq -c 'with_entries(.key |= "method.response.header." + .) | map_values(false)' <<<"$5")
    mapped=$(jq -c "with_entries(.key |= \"method.response.header.\" + .) | map_values(\"'\" + . + \"'\")" <<<"$5")
    call PUT "$path" '{"authorizationType":"NONE"}' >/dev/null
    call PUT "$path/integration" "$(jq -nc --arg t "{\"statusCode\": $3}" \
        '{type: "MOCK", requestTemplates: {"application/json": $t}}')" >/dev/null
    call PUT "$path/responses/$3" "{\"responseParameters\":$declared}" >/dev/null
    call PUT "$path/integration/responses/$3" "$(jq -nc --arg b "$4" --argjson h "$mapped" \
        '{responseParameters: $h, responseTemplates: {"application/json": $b}}')" >/dev/null
}

resource() { # PARENT PART: prints the id
    call POST "/restapis/$api/resources/$1" "{\"pathPart\":\"$2\"}" | jq -r .id
}

if ! call GET "/restapis/$api" >/dev/null; then
    any='{"Access-Control-Allow-Origin":"*"}'
    cors='{"Access-Control-Allow-Origin":"*","Access-Control-Allow-Methods":"GET,OPTIONS","Access-Control-Allow-Headers":"Content-Type"}'
    root=$(call POST /restapis "{\"name\":\"users\",\"tags\":{\"_custom_id_\":\"$api\"}}" |
        jq -r .rootResourceId)
    users=$(resource "$root" users)
    user=$(resource "$users" 123)
    mock "$users" GET 200 '{"users":[{"id":"123","name":"Ada"}]}' "$any"
    mock "$users" OPTIONS 204 '' "$cors"
    mock "$user" GET 200 '{"id":"123","name":"Ada"}' "$any"
    mock "$user" OPTIONS 204 '' "$cors"
    call POST "/restapis/$api/deployments" '{"stageName":"dev"}' >/dev/null
fi
echo "$endpoint/_aws/execute-api/$api/dev"
