// When an answer is compressed.
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { compress } from '../../src/sandbox/server.ts';

const LONG = Buffer.from('{"data":"'.concat('x'.repeat(2_000), '"}'));

describe('the compression of answers', () => {
  for (const accepted of ['gzip', 'gzip, deflate', 'deflate, gzip;q=0.5', '*', 'br , GZIP'])
    it(`is used for a long one where the caller accepts "${accepted}"`, () => {
      const { body, headers } = compress(LONG, accepted);
      expect(headers).to.include({ 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' });
      expect(gunzipSync(body)).to.deep.equal(LONG);
    });

  for (const accepted of [undefined, '', 'identity', 'br', 'gzip;q=0', 'gzip;q=0.0, br'])
    it(`is not used where he accepts ${accepted === undefined ? 'nothing' : `"${accepted}"`}`, () => {
      const { body, headers } = compress(LONG, accepted);
      expect(headers).to.deep.equal({ Vary: 'Accept-Encoding' });
      expect(body).to.equal(LONG);
    });

  it('is not used for a short one', () => {
    const short = Buffer.from('{}');
    expect(compress(short, 'gzip').body).to.equal(short);
  });
});
