// URLs derived from that of the API server: clearml-agent 3.0.3 derives the same ones.
import { expect } from 'chai';
import { filesServerOf, webServerOf } from '../../src/config/server-addresses.ts';

describe('the URLs of the web server and the files server', () => {
  const cases: readonly [api: string, web: string | undefined, files: string | undefined][] = [
    ['http://clearml.lab:8008', 'http://clearml.lab:8080', 'http://clearml.lab:8081'],
    ['http://10.0.0.8:8008', 'http://10.0.0.8:8080', 'http://10.0.0.8:8081'],
    ['https://api.clear.ml', 'https://app.clear.ml', 'https://files.clear.ml'],
    ['https://api.example.org:8443', 'https://app.example.org:8443', 'https://app.example.org:8081'],
    ['https://demoapi.demo.clear.ml', 'https://demoapp.demo.clear.ml', 'https://demofiles.demo.clear.ml'],
    ['https://clearml.example.org', undefined, undefined],
    ['https://clearml.example.org:443', undefined, undefined],
    ['not an address', undefined, undefined],
  ];
  for (const [api, web, files] of cases) {
    it(`are the same as in clearml-agent if the API server is "${api}"`, () => {
      const found = webServerOf(api);

      expect(found).to.equal(web);
      expect(found === undefined ? undefined : filesServerOf(found)).to.equal(files);
    });
  }

  it('include port 8081 for the files server if the web server has no port', () => {
    expect(filesServerOf('https://clearml.example.org')).to.equal('https://clearml.example.org:8081');
    expect(filesServerOf('https://clearml.example.org/ui')).to.equal('https://clearml.example.org:8081/ui');
    expect(filesServerOf('nonsense')).to.equal(undefined);
  });
});
