// Classification of the responses of ClearML, as a table, and of an address that is not the API.
import { expect } from 'chai';
import fc from 'fast-check';
import {
  isHtml,
  classifyFailure,
  classifyReply,
  type ResponseClass,
  formatWrongAddress,
} from '../../../src/clearml/connection/classify-response.ts';

function envelope(code: number, subcode: number): string {
  return JSON.stringify({ meta: { result_code: code, result_subcode: subcode, result_msg: 'why' }, data: { a: 1 } });
}

describe('the ClearML client', () => {
  const cases: readonly [name: string, status: number, text: string, kind: ResponseClass['kind']][] = [
    ['a successful response', 200, envelope(200, 0), 'data'],
    ['an expired token', 401, envelope(401, 30), 'token-refused'],
    ['a call without a token', 401, envelope(401, 20), 'token-refused'],
    ['a wrong key', 401, envelope(401, 22), 'credentials-refused'],
    ['unreadable keys', 401, envelope(401, 21), 'credentials-refused'],
    ["a call that the user's role does not permit", 403, envelope(403, 20), 'refused'],
    ['a status change that another client has made first', 400, envelope(400, 121), 'lost-race'],
    ['a status change that the current status forbids', 400, envelope(400, 110), 'lost-race'],
    ['a missing task', 400, envelope(400, 101), 'refused'],
    ['an unknown endpoint', 404, envelope(404, 0), 'refused'],
    ['an error inside the server', 500, envelope(500, 0), 'unreachable'],
    ['a full disk on the server', 500, envelope(500, 4), 'unreachable'],
    ['a maintenance page', 503, '<html>', 'busy'],
    ['too many requests', 429, 'slow down', 'busy'],
    ["the server's own report of maintenance", 503, envelope(503, 0), 'busy'],
    ['a web page', 200, '<!DOCTYPE html>', 'not-the-api'],
    ["a web server's refusal of POST", 405, '<html>', 'not-the-api'],
    ['a redirect', 302, '', 'not-the-api'],
    ['JSON of another program', 200, '{"ok":true}', 'not-the-api'],
    ['an empty response', 200, '', 'not-the-api'],
    ["another program's request for a password", 401, 'Unauthorized', 'not-the-api'],
  ];
  for (const [name, status, text, kind] of cases) {
    it(`reports "${kind}" for ${name} (C-17)`, () => {
      expect(classifyReply(status, text).kind).to.equal(kind);
    });
  }

  it('classifies a successful response and returns its data unchanged', () => {
    expect(classifyReply(200, envelope(200, 0))).to.deep.equal({ kind: 'data', data: { a: 1 } });
  });

  it('classifies a refusal of the server and returns its message and codes', () => {
    expect(classifyReply(400, envelope(400, 703))).to.deep.equal({
      kind: 'refused',
      code: 400,
      subcode: 703,
      reason: 'why',
    });
  });

  it('classifies every HTTP response, whatever its status and text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, text) => {
        expect(classifyReply(status, text).kind).to.be.a('string');
      }),
    );
  });
});

describe('the error message of a failed connection to ClearML', () => {
  it('explains ECONNREFUSED and ends with the message of the operating system', () => {
    expect(classifyFailure('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:8008').message).to.match(
      /^nothing listens on its port.*\(connect ECONNREFUSED 127\.0\.0\.1:8008\)$/,
    );
  });

  it('is the message of the operating system if the error code is unknown', () => {
    expect(classifyFailure('EWEIRD', 'something odd')).to.deep.equal({ message: 'something odd' });
    expect(classifyFailure(undefined, 'something odd')).to.deep.equal({ message: 'something odd' });
  });
});

describe('the detection of HTML pages', () => {
  const cases: readonly [text: string, expected: boolean][] = [
    ['<!DOCTYPE html><html>', true],
    ['\n  <!doctype HTML>', true],
    ['<HTML lang="en">', true],
    ['<!-- nginx -->\n<html>', true],
    ['{"a": "<html>"}', false],
    ['<htmlish>', false],
    ['', false],
  ];
  for (const [text, expected] of cases) {
    it(`${expected ? 'accepts' : 'rejects'} ${JSON.stringify(text)} as an HTML page`, () => {
      expect(isHtml(text)).to.equal(expected);
    });
  }
});

const PAGE = { status: 200, location: undefined, text: '<html>' };

describe('the error about a wrong ClearML API address', () => {
  const suggestions: readonly [apiServer: string, write: string][] = [
    ['http://clearml.lab:8080', 'set api.api_server to http://clearml.lab:8008'],
    ['https://app.clearml.lab', 'set api.api_server to https://api.clearml.lab'],
    ['https://app.clearml.lab:8443/x', 'set api.api_server to https://api.clearml.lab:8443'],
    ['https://clearml.lab', 'set api.api_server to the URL of the API server (usually port 8008'],
  ];
  for (const [apiServer, write] of suggestions) {
    it(`says "${write}" if the address is ${apiServer}`, () => {
      expect(formatWrongAddress(apiServer, 'auth.login', PAGE))
        .to.include(apiServer)
        .and.include(write);
    });
  }

  const redirects: readonly [location: string, target: string][] = [
    ['https://clearml.lab/auth.login', 'https://clearml.lab'],
    ['https://clearml.lab/api/auth.login', 'https://clearml.lab/api'],
    ['/elsewhere/', 'http://clearml.lab:8008/elsewhere'],
    ['https://someone:word@clearml.lab/auth.login?token=x', 'https://clearml.lab'],
    ['http://[', 'another URL'],
  ];
  for (const [location, target] of redirects) {
    it(`says "redirects to ${target}" after a redirect to ${location}`, () => {
      const reply = { status: 301, location, text: '' };

      expect(formatWrongAddress('http://clearml.lab:8008', 'auth.login', reply)).to.include(
        `redirects to ${target}: set`,
      );
    });
  }

  it('names the HTTP status 401 of a plain-text response', () => {
    const reply = { status: 401, location: undefined, text: 'Unauthorized' };

    expect(formatWrongAddress('http://clearml.lab:8008', 'auth.login', reply))
      .to.include('401')
      .and.include('proxy');
  });
});
