// Checks a badge with programs that are not ours: jose (signature), @digitalbazaar/vc (structure), jsonld (every term
// is defined), @digitalbazaar/vc-bitstring-status-list (status). Reads a JSON object from standard input, writes one.
// Nothing is fetched: contexts, keys and the status list are given; any other address is an error.
import {readFileSync} from 'node:fs';
import {compactVerify, createLocalJWKSet, decodeProtectedHeader, jwtVerify} from 'jose';
import {_checkCredential} from '@digitalbazaar/vc';
import {checkStatus} from '@digitalbazaar/vc-bitstring-status-list';
import jsonld from 'jsonld';

const {token, statusToken, jwks, contexts, issuer, now} = JSON.parse(readFileSync(0, 'utf8'));
const keys = createLocalJWKSet(jwks);
const moment = now ? new Date(now) : new Date();

async function answer(step) {
  try {
    return {ok: true, value: await step()};
  } catch (error) {
    return {ok: false, error: `${error.code ?? error.name}: ${error.message}`};
  }
}

async function bodyOf(jwt) {
  const {payload} = await compactVerify(jwt, keys, {algorithms: ['RS256']});
  const {iss, jti, nbf, sub, exp, ...credential} = JSON.parse(new TextDecoder().decode(payload));
  return credential;
}

const given = {...contexts};
const documentLoader = async url => {
  if (!(url in given)) {
    throw new Error(`nothing is fetched: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document: given[url]};
};

const found = {header: decodeProtectedHeader(token)};
found.signature = await answer(async () => {
  const options = {algorithms: ['RS256'], typ: 'JWT', issuer, currentDate: moment, requiredClaims: ['iss', 'jti', 'nbf', 'sub']};
  return (await jwtVerify(token, keys, options)).payload;
});
if (found.signature.ok) {
  const credential = await bodyOf(token);
  found.structure = await answer(() => {
    // The function that this package's own verifyCredential calls first; `proof` stands in for the JWT around it.
    _checkCredential({credential: {...credential, proof: {type: 'DataIntegrityProof'}}, now: moment, mode: 'issue'});
    return true;
  });
  found.terms = await answer(async () => {
    const quads = await jsonld.toRDF(credential, {documentLoader, safe: true, format: 'application/n-quads'});
    return quads.split('\n').filter(Boolean).length;
  });
  if (statusToken) {
    found.status = await answer(async () => {
      const list = await bodyOf(statusToken);
      given[list.id] = list;
      const verified = await checkStatus({
        credential, documentLoader, verifyBitstringStatusListCredential: false, verifyMatchingIssuers: false,
      });
      if (verified.error) {
        throw verified.error;
      }
      return {issuer: list.issuer, isSet: verified.results.map(one => one.status), verified: verified.verified};
    });
  }
}
console.log(JSON.stringify(found));
