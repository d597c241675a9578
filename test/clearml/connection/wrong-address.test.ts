// The sentence about an address that isn't the API's.
import { expect } from 'chai';
import { formatWrongAddress } from '../../../src/clearml/connection/classify-response.ts';

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

  it('names the status of a response that is neither a page nor a redirect', () => {
    const reply = { status: 401, location: undefined, text: 'Unauthorized' };

    expect(formatWrongAddress('http://clearml.lab:8008', 'auth.login', reply))
      .to.include('401')
      .and.include('proxy');
  });
});
