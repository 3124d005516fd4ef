// Clients for Node.js: googleapis, perspective-api-client and OpenAI's SDK.

import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {test} from 'node:test';

// The packages are installed outside of the repository.
const require = createRequire(process.env.COMITY_NODE_MODULES + '/');
const {google} = require('googleapis');
const {OpenAI, AuthenticationError, BadRequestError} = require('openai');
const Perspective = require('perspective-api-client');

const {COMITY_URL: url, COMITY_GUARDED_URL: guarded, COMITY_HOSTS: hosts} = process.env;
const answers = JSON.parse(readFileSync(process.env.COMITY_ANSWERS, 'utf8'));
const texts = Object.keys(answers);
const toxic = texts.find(text => answers[text].toxicity > 0.95);
const key = 'a key of the tests, 32 bytes long';
const attributes = {
  TOXICITY: 'toxicity', SEVERE_TOXICITY: 'severe_toxicity', IDENTITY_ATTACK: 'identity_attack',
  INSULT: 'insult', PROFANITY: 'obscene', THREAT: 'threat',
};
const empty = names => Object.fromEntries(names.map(name => [name, {}]));
const same = (value, expected) => typeof value === 'number' && Math.abs(value - expected) <= 5.001e-7;

function check(answer, text, names = Object.keys(attributes)) {
  assert.deepEqual(Object.keys(answer.attributeScores).sort(), [...names].sort(), text);
  for (const name of names) {
    const {value, type} = answer.attributeScores[name].summaryScore;
    assert.ok(same(value, answers[text][attributes[name]]), `${text} ${name} ${value}`);
    assert.equal(type, 'PROBABILITY');
    // A JavaScript string counts what the service counts: UTF-16 code units.
    const [span] = answer.attributeScores[name].spanScores;
    assert.deepEqual([span.begin, span.end, span.score.value], [0, text.length, value]);
  }
}

const discovered = () => google.discoverAPI(`${url}/$discovery/rest?version=v1alpha1`);

test('googleapis: discovery, promises and the scores of the command line', async () => {
  const client = await discovered();
  for (const text of texts) {
    const requestBody = {comment: {text}, requestedAttributes: empty(Object.keys(attributes)), clientToken: 't'};
    const {data, status} = await client.comments.analyze({key, requestBody});
    assert.equal(status, 200);
    assert.equal(data.clientToken, 't');
    check(data, text);
  }
});

test('googleapis: callbacks, `resource` and names of protocol buffers, as in the harassment manager', async () => {
  const client = await discovered();
  const resource = {
    comment: {text: toxic}, languages: ['en'], requested_attributes: {TOXICITY: {score_type: 'PROBABILITY'}},
    do_not_store: true, client_token: undefined, span_annotations: undefined,
  };
  const response = await new Promise((resolve, reject) => {
    client.comments.analyze({key, resource}, (error, found) => error ? reject(error) : resolve(found));
  });
  check(response.data, toxic, ['TOXICITY']);
});

test('googleapis: errors', async () => {
  const client = await discovered();
  const requestBody = {comment: {text: ''}, requestedAttributes: {TOXICITY: {}}};
  await assert.rejects(client.comments.analyze({key, requestBody}), error => {
    assert.equal(error.status, 400);
    assert.equal(error.message, 'Comment must be non-empty.');
    assert.equal(error.response.data.error.details[0].errorType, 'COMMENT_EMPTY');
    return true;
  });
});

test('googleapis: suggestscore', async () => {
  const client = await discovered();
  const requestBody = {
    comment: {text: toxic}, attributeScores: {TOXICITY: {summaryScore: {value: 1}}}, clientToken: 't',
  };
  const {data} = await client.comments.suggestscore({key, requestBody});
  assert.equal(data.clientToken, 't');
});

// The address of this client is fixed, so it needs the server under Google's name.
test('perspective-api-client', {skip: hosts ? false : 'for the hard-coded host'}, async () => {
  const client = new Perspective({apiKey: key});
  for (const text of texts.filter(text => !text.includes('<'))) {
    check(await client.analyze(text, {attributes: ['toxicity', 'INSULT']}), text, ['TOXICITY', 'INSULT']);
  }
  check(await client.analyze(toxic, {truncate: true}), toxic, ['TOXICITY']);
  await assert.rejects(client.analyze('', {validate: false}), error => {
    assert.ok(error instanceof Perspective.ResponseError);
    assert.equal(error.message, 'Comment must be non-empty.');
    assert.equal(error.response.status, 400);
    return true;
  });
});

test('openai: a text and a list', async () => {
  const client = new OpenAI({baseURL: `${url}/v1`, apiKey: key, maxRetries: 0});
  const one = await client.moderations.create({input: toxic});
  assert.equal(one.model, 'omni-moderation-latest');
  const many = await client.moderations.create({model: 'omni-moderation-latest', input: texts});
  assert.equal(many.results.length, texts.length);
  for (const [result, text] of [[one.results[0], toxic], ...many.results.map((result, at) => [result, texts[at]])]) {
    assert.equal(result.flagged, answers[text].action !== 'approve', text);
    assert.equal(Object.keys(result.category_scores).length, 13);
    const {toxicity, severe_toxicity, obscene, insult, threat, identity_attack} = answers[text];
    const harassment = Math.max(toxicity, severe_toxicity, obscene, insult);
    assert.ok(same(result.category_scores.harassment, harassment), text);
    assert.ok(same(result.category_scores.violence, threat), text);
    assert.ok(same(result.category_scores['hate/threatening'], Math.min(identity_attack, threat)), text);
    assert.deepEqual(result.category_applied_input_types.harassment, ['text']);
  }
});

test('openai: errors', async () => {
  const client = new OpenAI({baseURL: `${url}/v1`, apiKey: key, maxRetries: 0});
  await assert.rejects(client.moderations.create({input: 7}), error => {
    assert.ok(error instanceof BadRequestError);
    assert.deepEqual([error.status, error.type, error.param], [400, 'invalid_request_error', 'input']);
    return true;
  });
  if (hosts) return; // The server of the hard-coded host has no keys.
  const stranger = new OpenAI({baseURL: `${guarded}/v1`, apiKey: 'another key', maxRetries: 0});
  await assert.rejects(stranger.moderations.create({input: toxic}), error => {
    assert.ok(error instanceof AuthenticationError);
    assert.equal(error.code, 'invalid_api_key');
    return true;
  });
});
