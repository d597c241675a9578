// Which servers no_proxy excludes from the proxy.
import { expect } from 'chai';
import { isWithoutProxy } from '../../../src/clearml/connection/choose-proxy.ts';

describe('no_proxy', () => {
  for (const [server, noProxy] of [
    ['http://clearml:8008', 'localhost,clearml'],
    ['http://clearml:8008', 'localhost clearml'],
    ['http://clearml:8008', 'CLEARML:8008'],
    ['https://api.example.org', 'example.org'],
    ['https://api.example.org', '.example.org'],
    ['https://api.example.org', '*.example.org'],
    ['https://api.example.org', 'example.org:443'],
    ['https://api.example.org', '10.0.0.0/8,*'],
    ['http://10.1.2.3:8008', '10.1.2.3'],
    ['http://10.1.2.3:8008', '10.1.2.3:8008'],
    ['http://10.1.2.3:8008', 'localhost, 10.0.0.0/8'],
    ['http://10.1.2.3:8008', '10.1.2.3/32'],
    ['http://[fd00::7]:8008', 'fd00::/8'],
    ['http://[fd00::7]:8008', 'fd00::7'],
    ['http://[fd00::7]:8008', '[fd00::7]:8008'],
  ] as const)
    it(`"${noProxy}" bypasses the proxy for ${server}`, () => {
      expect(isWithoutProxy(server, noProxy)).to.equal(true);
    });

  for (const [server, noProxy] of [
    ['http://clearml:8008', ''],
    ['http://clearml:8008', 'clearml:80,ml,.,*.,[]'],
    ['https://api.example.org', 'ample.org,10.0.0.0/8'],
    ['https://api.example.org', 'example.org:8008'],
    ['http://10.1.2.3:8008', '2.3,.3,11.0.0.0/8,10.1.2.4/32'],
    ['http://10.1.2.3:8008', '10.0.0.0/33,10.0.0.0/,10.1.2.3/x,/8,a/8,::/0'],
    ['http://[fd00::7]:8008', '0.0.0.0/0,fe80::/10,::/129'],
  ] as const)
    it(`"${noProxy}" does not bypass the proxy for ${server}`, () => {
      expect(isWithoutProxy(server, noProxy)).to.equal(false);
    });
});
