// A real OpenID provider (npm oidc-provider) for the tests: `node oidc.mjs '<json>'`, with port, redirect, people.
// Prints its address when it listens. `POST /__rotate` makes it sign with a new key from then on.

import crypto from "node:crypto";
import http from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const asked = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${asked.port}`;

async function keyOf(algorithm) {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: algorithm, use: "sig", kid: crypto.randomUUID() };
}

let keys = [await keyOf(asked.algorithm ?? "RS256")];

function build() {
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: [
      {
        client_id: "crosstrain",
        client_secret: "a client secret of the tests & co",
        redirect_uris: [asked.redirect],
        response_types: ["code"],
        grant_types: ["authorization_code"],
        id_token_signed_response_alg: asked.algorithm ?? "RS256",
      },
    ],
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name", "given_name", "family_name", "preferred_username", "department", "title"],
    },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256", "PS256"] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ["for tests"] },
    async findAccount(_, id) {
      const person = asked.people[id];
      return person && { accountId: id, claims: async () => ({ sub: id, ...person }) };
    },
  });
  provider.on("server_error", (_, error) => console.error(error));
  return provider.callback();
}

let handle = build();

http
  .createServer(async (request, response) => {
    if (request.method === "POST" && request.url === "/__rotate") {
      keys = [await keyOf(asked.algorithm ?? "RS256")];
      handle = build();
      response.end("rotated");
      return;
    }
    handle(request, response);
  })
  .listen(asked.port, "127.0.0.1", () => console.log(issuer));
