// A real SAML provider (npm samlp) for the tests: `node saml.mjs '<json>'`, with port, answersAt, certificate, key, user.
// Prints its address when it listens. Metadata lie at /metadata; `POST /__sign {response, assertion}` changes what it signs.

import express from "express";
import samlp from "samlp";

const asked = JSON.parse(process.argv[2]);
const address = `http://127.0.0.1:${asked.port}`;
const signs = { response: true, assertion: true, algorithm: "rsa-sha256", digest: "sha256" };

const common = { issuer: `${address}/metadata`, cert: asked.certificate, key: asked.key };
const app = express();

app.get("/metadata", samlp.metadata({ ...common, redirectEndpointPath: "/saml", postEndpointPath: "/saml" }));
app.post("/__sign", express.json(), (request, response) => {
  Object.assign(signs, request.body);
  response.end();
});
app.get("/saml", (request, response, next) => {
  request.user = asked.people[asked.user];
  samlp.auth({
    ...common,
    signResponse: signs.response,
    signAssertion: signs.assertion,
    signatureAlgorithm: signs.algorithm,
    digestAlgorithm: signs.digest,
    destination: asked.answersAt,
    recipient: asked.answersAt,
    lifetimeInSeconds: 300,
    getPostURL: (audience, dom, req, callback) => callback(null, asked.answersAt),
  })(request, response, next);
});

app.listen(asked.port, "127.0.0.1", () => console.log(address));
