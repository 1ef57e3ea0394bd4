// The AWS SDK for JavaScript v3 builds an API and a function, and both answer.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import * as gw from "@aws-sdk/client-api-gateway";
import * as fn from "@aws-sdk/client-lambda";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { get, settings, start, zip } from "./portico.mjs";

let portico, api, lambda, sts;

before(async () => {
  portico = await start();
  api = new gw.APIGatewayClient(settings(portico.url));
  lambda = new fn.LambdaClient(settings(portico.url));
  sts = new STSClient(settings(portico.url));
});
after(() => portico?.stop());

/** The error that a call must end with. */
async function refused(promise) {
  return promise.then(
    () => assert.fail("it was not refused"),
    (error) => ({
      name: error.name,
      status: error.$metadata?.httpStatusCode,
      message: error.message,
    }),
  );
}

test("a caller is the root of the account", async () => {
  const who = await sts.send(new GetCallerIdentityCommand({}));
  assert.equal(who.Account, "000000000000");
  assert.equal(who.Arn, "arn:aws:iam::000000000000:root");
});

test("an API is built, deployed, called and changed", async () => {
  const { id: restApiId } = await api.send(new gw.CreateRestApiCommand({ name: "walk" }));
  const { items } = await api.send(new gw.GetResourcesCommand({ restApiId }));
  assert.deepEqual(items.map((r) => r.path), ["/"]);
  const { id: resourceId } = await api.send(
    new gw.CreateResourceCommand({ restApiId, parentId: items[0].id, pathPart: "hello" }),
  );
  const method = { restApiId, resourceId, httpMethod: "GET" };
  await api.send(new gw.PutMethodCommand({ ...method, authorizationType: "NONE" }));
  assert.deepEqual(
    await refused(api.send(new gw.PutMethodCommand({ ...method, authorizationType: "NONE" }))),
    {
      name: "ConflictException",
      status: 409,
      message: "Method already exists for this resource",
    },
  );
  await api.send(
    new gw.PutIntegrationCommand({
      ...method,
      type: "MOCK",
      requestTemplates: { "application/json": '{"statusCode": 200}' },
    }),
  );
  await api.send(
    new gw.PutMethodResponseCommand({
      ...method,
      statusCode: "200",
      responseParameters: { "method.response.header.X-Walk": true },
    }),
  );
  await api.send(
    new gw.PutIntegrationResponseCommand({
      ...method,
      statusCode: "200",
      responseParameters: { "method.response.header.X-Walk": "'sdk'" },
      responseTemplates: { "application/json": '{"hello":"sdk"}' },
    }),
  );
  const { id: deploymentId } = await api.send(new gw.CreateDeploymentCommand({ restApiId }));
  const stage = await api.send(
    new gw.CreateStageCommand({ restApiId, stageName: "dev", deploymentId }),
  );
  assert.ok(stage.createdDate instanceof Date);

  const forms = {
    path: [`${portico.url}/_aws/execute-api/${restApiId}/dev/hello`],
    "older path": [`${portico.url}/restapis/${restApiId}/dev/_user_request_/hello`],
    host: [
      `${portico.url}/dev/hello`,
      { Host: `${restApiId}.execute-api.us-east-1.amazonaws.com` },
    ],
  };
  for (const [form, request] of Object.entries(forms)) {
    const answer = await get(...request);
    assert.equal(answer.status, 200, form);
    assert.equal(answer.body.toString(), '{"hello":"sdk"}', form);
    assert.equal(answer.headers["x-walk"], "sdk", form);
  }

  const changed = await api.send(
    new gw.UpdateStageCommand({
      restApiId,
      stageName: "dev",
      patchOperations: [{ op: "replace", path: "/description", value: "changed" }],
    }),
  );
  assert.equal(changed.description, "changed");
  assert.deepEqual(await refused(api.send(new gw.GetRestApiCommand({ restApiId: "nothere123" }))), {
    name: "NotFoundException",
    status: 404,
    message: "Invalid API identifier specified 000000000000:nothere123",
  });
});

test("a function answers behind an API as soon as the API may invoke it", async () => {
  const code = `import json, os
def handler(event, context):
    body = {"id": event["pathParameters"]["id"], "greeting": os.environ["GREETING"]}
    return {"statusCode": 200, "headers": {"X-Function": context.function_name},
            "body": json.dumps(body, separators=(",", ":"))}
`;
  const { FunctionArn } = await lambda.send(
    new fn.CreateFunctionCommand({
      FunctionName: "behind",
      Runtime: "python3.11",
      Handler: "app.handler",
      Role: "arn:aws:iam::000000000000:role/walk",
      Code: { ZipFile: zip({ "app.py": code }) },
      Environment: { Variables: { GREETING: "hello" } },
    }),
  );
  const { id: restApiId } = await api.send(new gw.CreateRestApiCommand({ name: "behind" }));
  const { items } = await api.send(new gw.GetResourcesCommand({ restApiId }));
  const { id: resourceId } = await api.send(
    new gw.CreateResourceCommand({ restApiId, parentId: items[0].id, pathPart: "{id}" }),
  );
  const method = { restApiId, resourceId, httpMethod: "GET" };
  await api.send(new gw.PutMethodCommand({ ...method, authorizationType: "NONE" }));
  await api.send(
    new gw.PutIntegrationCommand({
      ...method,
      type: "AWS_PROXY",
      integrationHttpMethod: "POST",
      uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`,
    }),
  );
  await api.send(new gw.CreateDeploymentCommand({ restApiId, stageName: "dev" }));
  const url = `${portico.url}/_aws/execute-api/${restApiId}/dev/7`;
  const forbidden = await get(url);
  assert.equal(forbidden.status, 500);
  assert.equal(forbidden.body.toString(), '{"message": "Internal server error"}');

  await lambda.send(
    new fn.AddPermissionCommand({
      FunctionName: "behind",
      StatementId: "api",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn: `arn:aws:execute-api:us-east-1:000000000000:${restApiId}/*/GET/*`,
    }),
  );
  const answer = await get(url);
  assert.equal(answer.body.toString(), '{"id":"7","greeting":"hello"}');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["x-function"], "behind");

  const invoked = await lambda.send(
    new fn.InvokeCommand({
      FunctionName: "behind",
      Payload: JSON.stringify({ pathParameters: { id: "8" } }),
      LogType: "Tail",
    }),
  );
  assert.equal(invoked.StatusCode, 200);
  assert.equal(invoked.FunctionError, undefined);
  assert.deepEqual(JSON.parse(JSON.parse(invoked.Payload.transformToString()).body), {
    id: "8",
    greeting: "hello",
  });
  assert.match(Buffer.from(invoked.LogResult, "base64").toString(), /^REPORT RequestId: /m);
  const failed = await lambda.send(new fn.InvokeCommand({ FunctionName: "behind" }));
  assert.equal(failed.FunctionError, "Unhandled");
  assert.equal(JSON.parse(failed.Payload.transformToString()).errorType, "KeyError");
  assert.deepEqual(await refused(lambda.send(new fn.InvokeCommand({ FunctionName: "nobody" }))), {
    name: "ResourceNotFoundException",
    status: 404,
    message: "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody",
  });

  await lambda.send(
    new fn.UpdateFunctionConfigurationCommand({
      FunctionName: "behind",
      Environment: { Variables: { GREETING: "good morning" } },
    }),
  );
  assert.equal((await get(url)).body.toString(), '{"id":"7","greeting":"good morning"}');
  await lambda.send(
    new fn.UpdateFunctionCodeCommand({
      FunctionName: "behind",
      ZipFile: zip({ "app.py": "def handler(event, context): return {'statusCode': 204}\n" }),
    }),
  );
  assert.equal((await get(url)).status, 204);
  await lambda.send(new fn.DeleteFunctionCommand({ FunctionName: "behind" }));
  assert.equal((await get(url)).status, 500);
});

test("a function is created, read, changed, permitted and deleted", async () => {
  const FunctionName = "walk";
  const code = zip({ "app.mjs": "export const handler = async () => ({ statusCode: 200 });\n" });
  const created = await lambda.send(
    new fn.CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs20.x",
      Handler: "app.handler",
      Role: "arn:aws:iam::000000000000:role/walk",
      Code: { ZipFile: code },
      Environment: { Variables: { GREETING: "hello" } },
      Tags: { made: "here" },
    }),
  );
  assert.equal(created.State, "Pending");
  assert.equal(created.CodeSha256, createHash("sha256").update(code).digest("base64"));
  await fn.waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10 }, { FunctionName });

  const found = await lambda.send(new fn.GetFunctionCommand({ FunctionName: created.FunctionArn }));
  assert.equal(found.Configuration.State, "Active");
  assert.deepEqual(found.Tags, { made: "here" });
  const had = await get(found.Code.Location);
  assert.equal(had.status, 200);
  assert.deepEqual(had.body, code);

  const twice = await refused(
    lambda.send(
      new fn.CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs20.x",
        Handler: "app.handler",
        Role: "arn:aws:iam::000000000000:role/walk",
        Code: { ZipFile: code },
      }),
    ),
  );
  assert.equal(twice.name, "ResourceConflictException");
  assert.equal(twice.message, "Function already exist: walk");
  const bad = await refused(
    lambda.send(new fn.UpdateFunctionCodeCommand({ FunctionName, ZipFile: Buffer.from("no zip") })),
  );
  assert.equal(bad.name, "InvalidParameterValueException");
  assert.match(bad.message, /^Could not unzip uploaded file/);

  await lambda.send(new fn.UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 9 }));
  await fn.waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 10 }, { FunctionName });
  const { Functions } = await lambda.send(new fn.ListFunctionsCommand({}));
  assert.deepEqual(Functions.map((f) => [f.FunctionName, f.Timeout]), [["walk", 9]]);

  const { Statement } = await lambda.send(
    new fn.AddPermissionCommand({
      FunctionName,
      StatementId: "api",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
      SourceArn: "arn:aws:execute-api:us-east-1:000000000000:abc/*/GET/hello",
    }),
  );
  const { Policy } = await lambda.send(new fn.GetPolicyCommand({ FunctionName }));
  assert.deepEqual(JSON.parse(Policy).Statement, [JSON.parse(Statement)]);
  await lambda.send(new fn.RemovePermissionCommand({ FunctionName, StatementId: "api" }));
  assert.equal(
    (await refused(lambda.send(new fn.GetPolicyCommand({ FunctionName })))).name,
    "ResourceNotFoundException",
  );

  await lambda.send(new fn.DeleteFunctionCommand({ FunctionName }));
  const gone = await refused(lambda.send(new fn.GetFunctionCommand({ FunctionName })));
  assert.deepEqual(gone, {
    name: "ResourceNotFoundException",
    status: 404,
    message: "Function not found: arn:aws:lambda:us-east-1:000000000000:function:walk",
  });
});
