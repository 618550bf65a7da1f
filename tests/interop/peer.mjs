// Digital Bazaar's libraries on one line of JSON each: a task in, what they say of it out.
// {"contexts": {url: context}, "tasks": [{"verify": credential, "now": time}
//   | {"issue": credential, "suite": name, "date": time, "keyPair": {public..., secret...}}]}

import {createInterface} from 'node:readline';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as jcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {cryptosuite as eddsaRdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';

const ED25519 = 'z6Mk';
const SUITE_2020 = 'Ed25519Signature2020';
const SIGNING = {
  'eddsa-rdfc-2022': () => eddsaRdfc,
  'eddsa-jcs-2022': () => jcs.createSignCryptosuite(),
  'ecdsa-rdfc-2019': () => ecdsaRdfc,
};

const verifiers = () => [
  ...[eddsaRdfc, jcs.createVerifyCryptosuite(), ecdsaRdfc].map(
    cryptosuite => new DataIntegrityProof({cryptosuite})),
  new Ed25519Signature2020(),
];

// Contexts as given and did:key as it is: nothing is fetched.
const loader = contexts => async url => {
  const [did, fragment] = url.split('#');
  if(url in contexts) {
    return {contextUrl: null, documentUrl: url, document: {'@context': contexts[url]}};
  }
  if(!did.startsWith('did:key:')) {
    throw new Error(`not given: ${url}`);
  }
  const publicKeyMultibase = did.slice('did:key:'.length);
  const id = `${did}#${publicKeyMultibase}`;
  const method = {
    '@context': 'https://w3id.org/security/multikey/v1',
    id, type: 'Multikey', controller: did, publicKeyMultibase,
  };
  const controller = {
    '@context': 'https://www.w3.org/ns/did/v1',
    id: did, verificationMethod: [method], assertionMethod: [id],
  };
  return {contextUrl: null, documentUrl: url, document: fragment ? method : controller};
};

async function issue(task, documentLoader) {
  const {publicKeyMultibase} = task.keyPair;
  const {from} = publicKeyMultibase.startsWith(ED25519) ? Ed25519Multikey : EcdsaMultikey;
  const controller = `did:key:${publicKeyMultibase}`;
  const pair = await from({
    '@context': 'https://w3id.org/security/multikey/v1',
    type: 'Multikey', id: `${controller}#${publicKeyMultibase}`, controller, ...task.keyPair,
  });
  const [signer, date] = [pair.signer(), task.date];
  const suite = task.suite === SUITE_2020 ?
    new Ed25519Signature2020({signer, date}) :
    new DataIntegrityProof({signer, date, cryptosuite: SIGNING[task.suite]()});
  return vc.issue({credential: task.issue, suite, documentLoader});
}

async function verify(task, documentLoader) {
  const said = await vc.verifyCredential(
    {credential: task.verify, suite: verifiers(), documentLoader, now: task.now});
  return {
    verified: said.verified,
    proofs: (said.results ?? []).map(({proof, verified, error}) =>
      ({suite: proof.cryptosuite ?? proof.type, verified, error: error?.message})),
    error: said.error && String(said.error.errors ?? said.error),
  };
}

for await (const line of createInterface({input: process.stdin})) {
  const {contexts, tasks} = JSON.parse(line);
  const documentLoader = loader(contexts);
  const answers = [];
  for(const task of tasks) {
    try {
      answers.push(await (task.issue ? issue : verify)(task, documentLoader));
    } catch(error) {
      answers.push({error: String(error)});
    }
  }
  console.log(JSON.stringify(answers));
}
