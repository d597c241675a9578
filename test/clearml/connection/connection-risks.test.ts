// Which connections to the server another user on the network could attack.
import { expect } from 'chai';
import { describeRisks } from '../../../src/clearml/connection/connection-settings.ts';

const PLAIN = /^http:\/\/[^ ]+ is not encrypted: an attacker on the network can read the keys/;
const UNVERIFIED = /^api\.verify_certificate is false: an attacker on the network can pose as the server/;

describe('the check for an insecure connection to the ClearML server', () => {
  for (const [apiServer, verifyCertificate, risk] of [
    ['http://clearml.lab:8008', true, PLAIN],
    ['http://10.0.0.1:8008', false, PLAIN],
    ['http://127.0.0.1.example.org', true, PLAIN],
    ['http://login1:8008', true, PLAIN],
    ['http://someone:word@clearml.lab:8008', true, PLAIN],
    ['https://clearml.lab', false, UNVERIFIED],
    ['https://clearml.lab', true, undefined],
    ['https://clearml.lab', '/etc/ca.pem', undefined],
    ['http://127.0.0.1:8008', true, undefined],
    ['http://127.1.2.3:8008', true, undefined],
    ['http://[::1]:8008', true, undefined],
    ['http://localhost:8008', true, undefined],
    ['https://localhost', false, undefined],
    ['not an address', false, undefined],
  ] as const) {
    const how =
      { true: 'if certificates are checked', false: 'if no certificate is checked' }[String(verifyCertificate)] ??
      'if certificates are checked against a CA file';
    it(`${risk === undefined ? 'reports no risk' : 'reports one risk'} for "${apiServer}" ${how}`, () => {
      const risks = describeRisks({ apiServer, verifyCertificate });

      expect(risks).to.have.length(risk === undefined ? 0 : 1);
      if (risk !== undefined) {
        expect(risks[0]).to.match(risk).and.not.include('word');
        expect(risks[0]?.length).to.be.below(120);
      }
    });
  }
});
