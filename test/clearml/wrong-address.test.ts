// The sentence about an address that isn't the API's.
import { expect } from 'chai';
import { formatWrongAddress } from '../../src/clearml/wrong-address.ts';

const PAGE = { status: 200, location: undefined, text: '<html>' };

describe('formatWrongAddress', () => {
  const suggestions: readonly [apiServer: string, write: string][] = [
    ['http://clearml.lab:8080', 'write http://clearml.lab:8008 as api.api_server'],
    ['https://app.clearml.lab', 'write https://api.clearml.lab as api.api_server'],
    ['https://app.clearml.lab:8443/x', 'write https://api.clearml.lab:8443 as api.api_server'],
    ['https://clearml.lab', "write the API server's (usually port 8008"],
  ];
  for (const [apiServer, write] of suggestions) {
    it(`suggests what to write instead of ${apiServer}`, () => {
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
    ['http://[', 'another address'],
  ];
  for (const [location, target] of redirects) {
    it(`names where a redirect to ${location} leads`, () => {
      const reply = { status: 301, location, text: '' };

      expect(formatWrongAddress('http://clearml.lab:8008', 'auth.login', reply)).to.include(
        `sends on to ${target}: write`,
      );
    });
  }

  it('names the status of anything else', () => {
    const reply = { status: 401, location: undefined, text: 'Unauthorized' };

    expect(formatWrongAddress('http://clearml.lab:8008', 'auth.login', reply))
      .to.include('401')
      .and.include('proxy');
  });
});
