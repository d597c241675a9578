// Values in messages: any user may write a value of several MB, of characters that must be escaped.
import { expect } from 'chai';
import { displayValue } from '../../../src/sbatch-template/placeholders/display-value.ts';

describe('a value in an error message', () => {
  it('is quoted, escaped and truncated', () => {
    expect(displayValue('a"b\u200b')).to.equal('"a\\"b\\u{200b}"');
    expect(displayValue('a'.repeat(58))).to.equal(`"${'a'.repeat(58)}"`);
    expect(displayValue('a'.repeat(59))).to.equal(`"${'a'.repeat(56)}…"`);
    expect(displayValue('😀'.repeat(150))).to.equal(`"${'😀'.repeat(56)}…"`);
  });

  it('is displayed within 100 ms even if the value has several MB', () => {
    const value = `\u0001${'\u200b'.repeat(2_000_000)}`;

    for (let times = 0; times < 20; times += 1) expect(displayValue(value)).to.match(/^"\\u0001\\u\{200b\}.{42}…"$/);
  }).timeout(2_000);
});
