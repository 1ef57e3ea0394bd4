// GET /hello, or /hello?name=Ada
exports.handler = async (event) => {
  const name = event.queryStringParameters?.name ?? "world";

  return {
    statusCode: 200,
    headers: { "Content-Type": "application/json", "Access-Control-Allow-Origin": "*" },
    body: JSON.stringify({ hello: name, runtime: `Node.js ${process.version}` }),
  };
};
