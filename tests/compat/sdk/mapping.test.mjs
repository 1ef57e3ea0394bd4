// The AWS SDK for JavaScript v3 builds an API that checks, maps and answers for an HTTP backend.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, test } from "node:test";
import * as gw from "@aws-sdk/client-api-gateway";
import { settings, start } from "./portico.mjs";

let portico, api, backend, backendUrl;

/** Answers with what it was asked; /gone with 410. */
function answer(request, response) {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    response.writeHead(request.url.startsWith("/gone") ? 410 : 200, {
      "Content-Type": "application/json",
      "X-Backend": "here",
    });
    response.end(
      JSON.stringify({
        method: request.method,
        url: request.url,
        tenant: request.headers["x-tenant"],
        body: Buffer.concat(pieces).toString(),
      }),
    );
  });
}

before(async () => {
  portico = await start();
  api = new gw.APIGatewayClient(settings(portico.url));
  backend = http.createServer(answer).listen(0, "127.0.0.1");
  await once(backend, "listening");
  backendUrl = `http://127.0.0.1:${backend.address().port}`;
});
after(async () => {
  backend?.closeAllConnections();
  backend?.close();
  await portico?.stop();
});

const schema = (properties) =>
  JSON.stringify({
    $schema: "http://json-schema.org/draft-04/schema#",
    type: "object",
    required: ["name"],
    properties,
  });

test("models are created, shown, changed, kept while in use, and deleted", async () => {
  const { id: restApiId } = await api.send(new gw.CreateRestApiCommand({ name: "models" }));
  const { items } = await api.send(new gw.GetModelsCommand({ restApiId }));
  assert.deepEqual(items.map((m) => m.name).sort(), ["Empty", "Error"]);
  const made = await api.send(
    new gw.CreateModelCommand({
      restApiId,
      name: "Pet",
      contentType: "application/json",
      schema: schema({ name: { type: "string" } }),
    }),
  );
  assert.match(made.id, /^[a-z0-9]{6}$/);
  const { value } = await api.send(
    new gw.GetModelTemplateCommand({ restApiId, modelName: "Pet" }),
  );
  assert.match(value, /^#set\(\$inputRoot = \$input\.path\('\$'\)\)/);
  const changed = await api.send(
    new gw.UpdateModelCommand({
      restApiId,
      modelName: "Pet",
      patchOperations: [{ op: "replace", path: "/description", value: "a pet" }],
    }),
  );
  assert.equal(changed.description, "a pet");
  await api.send(new gw.DeleteModelCommand({ restApiId, modelName: "Pet" }));
  await assert.rejects(api.send(new gw.GetModelCommand({ restApiId, modelName: "Pet" })), {
    name: "NotFoundException",
    message: "Invalid model name specified: Pet",
  });
});

test("gateway responses are listed, changed and brought back", async () => {
  const { id: restApiId } = await api.send(new gw.CreateRestApiCommand({ name: "responses" }));
  const { items } = await api.send(new gw.GetGatewayResponsesCommand({ restApiId }));
  assert.equal(items.length, 21);
  assert.ok(items.every((r) => r.defaultResponse));
  const which = { restApiId, responseType: "THROTTLED" };
  const changed = await api.send(
    new gw.UpdateGatewayResponseCommand({
      ...which,
      patchOperations: [{ op: "replace", path: "/statusCode", value: "503" }],
    }),
  );
  assert.equal(changed.statusCode, "503");
  assert.equal(changed.defaultResponse, false);
  await api.send(new gw.DeleteGatewayResponseCommand(which));
  const again = await api.send(new gw.GetGatewayResponseCommand(which));
  assert.equal(again.statusCode, "429");
  assert.equal(again.defaultResponse, true);
});

test("a request is checked, mapped to a backend, and its answer mapped back", async () => {
  const { id: restApiId } = await api.send(new gw.CreateRestApiCommand({ name: "mapping" }));
  const { items } = await api.send(new gw.GetResourcesCommand({ restApiId }));
  const { id: resourceId } = await api.send(
    new gw.CreateResourceCommand({ restApiId, parentId: items[0].id, pathPart: "{kind}" }),
  );
  await api.send(
    new gw.CreateModelCommand({
      restApiId,
      name: "Pet",
      contentType: "application/json",
      schema: schema({ name: { type: "string" }, age: { type: "integer" } }),
    }),
  );
  const { id: requestValidatorId } = await api.send(
    new gw.CreateRequestValidatorCommand({
      restApiId,
      name: "all",
      validateRequestBody: true,
      validateRequestParameters: true,
    }),
  );
  const method = { restApiId, resourceId, httpMethod: "POST" };
  await api.send(
    new gw.PutMethodCommand({
      ...method,
      authorizationType: "NONE",
      requestValidatorId,
      requestModels: { "application/json": "Pet" },
      requestParameters: {
        "method.request.path.kind": true,
        "method.request.header.X-Tenant": true,
        "method.request.querystring.page": false,
      },
    }),
  );
  await api.send(
    new gw.PutIntegrationCommand({
      ...method,
      type: "HTTP",
      integrationHttpMethod: "PUT",
      uri: `${backendUrl}/{kind}`,
      requestParameters: {
        "integration.request.path.kind": "method.request.path.kind",
        "integration.request.querystring.p": "method.request.querystring.page",
        "integration.request.header.X-Tenant": "method.request.header.X-Tenant",
      },
      requestTemplates: {
        "application/json": `{"pet":"$util.escapeJavaScript($input.path('$.name'))","stage":"$context.stage"}`,
      },
    }),
  );
  for (const [statusCode, selectionPattern] of [["200"], ["404", "4\\d{2}"]]) {
    await api.send(
      new gw.PutMethodResponseCommand({
        ...method,
        statusCode,
        responseParameters: { "method.response.header.X-From": true },
      }),
    );
    await api.send(
      new gw.PutIntegrationResponseCommand({
        ...method,
        statusCode,
        selectionPattern,
        responseParameters: {
          "method.response.header.X-From": "integration.response.header.X-Backend",
        },
        responseTemplates: { "application/json": `{"was":$input.json('$')}` },
      }),
    );
  }
  await api.send(
    new gw.PutGatewayResponseCommand({
      restApiId,
      responseType: "BAD_REQUEST_BODY",
      responseParameters: { "gatewayresponse.header.Access-Control-Allow-Origin": "'*'" },
      responseTemplates: {
        "application/json": `{"error":$context.error.messageString,"why":"$context.error.responseType"}`,
      },
    }),
  );
  await api.send(new gw.CreateDeploymentCommand({ restApiId, stageName: "dev" }));

  const call = (path, body, headers = {}) =>
    fetch(`${portico.url}/_aws/execute-api/${restApiId}/dev${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const tenant = { "X-Tenant": "acme" };

  const good = await call("/dogs?page=2&other=x", { name: 'R"ex', age: 3 }, tenant);
  assert.equal(good.status, 200);
  assert.equal(good.headers.get("x-from"), "here");
  assert.deepEqual(await good.json(), {
    was: {
      method: "PUT",
      url: "/dogs?p=2",
      tenant: "acme",
      body: '{"pet":"R\\"ex","stage":"dev"}',
    },
  });

  assert.equal((await call("/gone", { name: "x" }, tenant)).status, 404);

  const without = await call("/dogs", { name: "x" });
  assert.equal(without.status, 400);
  assert.deepEqual(await without.json(), {
    message: "Missing required request parameters: [X-Tenant]",
  });

  const bad = await call("/dogs", { age: "old" }, tenant);
  assert.equal(bad.status, 400);
  assert.equal(bad.headers.get("access-control-allow-origin"), "*");
  assert.deepEqual(await bad.json(), { error: "Invalid request body", why: "BAD_REQUEST_BODY" });
});
