// When a response is compressed.
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { compress } from '../../src/sandbox/server.ts';

const LONG = Buffer.from('{"data":"'.concat('x'.repeat(2_000), '"}'));

describe('the sandbox server', () => {
  for (const accepted of ['gzip', 'gzip, deflate', 'deflate, gzip;q=0.5', '*', 'br , GZIP'])
    it(`compresses a long response if Accept-Encoding is "${accepted}"`, () => {
      const { body, headers } = compress(LONG, accepted);
      expect(headers).to.include({ 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' });
      expect(gunzipSync(body)).to.deep.equal(LONG);
    });

  for (const accepted of [undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip;q=0.0, br'])
    it(`does not compress a response if Accept-Encoding is ${accepted === undefined ? 'missing' : `"${accepted}"`}`, () => {
      const { body, headers } = compress(LONG, accepted);
      expect(headers).to.deep.equal({ Vary: 'Accept-Encoding' });
      expect(body).to.equal(LONG);
    });

  it('does not compress a short response', () => {
    const short = Buffer.from('{}');
    expect(compress(short, 'gzip').body).to.equal(short);
  });
});
