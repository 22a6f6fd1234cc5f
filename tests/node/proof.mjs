// Checks a badge's own proof with programs that are not ours: @digitalbazaar/vc with data-integrity, the cryptosuite
// eddsa-rdfc-2022 and ed25519-multikey. Reads a JSON object from standard input, writes one. Nothing is fetched.
import {readFileSync} from 'node:fs';
import {verifyCredential} from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {contexts as security} from '@digitalbazaar/security-context';

const {credential, documents, now} = JSON.parse(readFileSync(0, 'utf8'));
const documentLoader = async url => {
  const document = documents[url] ?? security.get(url);
  if (document === undefined) {
    throw new Error(`nothing is fetched: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
};
const result = await verifyCredential({
  credential,
  suite: new DataIntegrityProof({cryptosuite}),
  documentLoader,
  now: now ? new Date(now) : undefined,
  checkStatus: async () => ({verified: true}),
});
const errors = (result.error?.errors ?? (result.error ? [result.error] : [])).map(error => `${error.name}: ${error.message}`);
console.log(JSON.stringify({verified: result.verified, errors}));
