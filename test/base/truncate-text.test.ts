// Tests that long texts of users are truncated.
import { expect } from 'chai';
import { limitBytes, limitText, MAX_LENGTH } from '../../src/base/truncate-text.ts';

describe('a text with a limit in characters', () => {
  it('is unchanged up to the limit', () => {
    expect(limitText('a'.repeat(MAX_LENGTH.name), 'name')).to.equal('a'.repeat(MAX_LENGTH.name));
  });

  it('ends with "…" after a whole character if the text is too long', () => {
    expect(limitText('a'.repeat(MAX_LENGTH.name + 1), 'name')).to.equal(`${'a'.repeat(MAX_LENGTH.name - 1)}…`);
    expect(limitText(`a${'😀'.repeat(MAX_LENGTH.name)}`, 'name')).to.equal(`a${'😀'.repeat(99)}…`);
    expect(limitText('😀'.repeat(MAX_LENGTH.name), 'name')).to.equal(`${'😀'.repeat(99)}…`);
  });
});

describe('a text with a limit in bytes', () => {
  it('is unchanged up to the limit', () => {
    expect(limitBytes('aé', 3)).to.equal('aé');
  });

  it('ends with "…" after a whole character if the text is too long', () => {
    expect(limitBytes('a'.repeat(11), 10)).to.equal('aaaaaaa…');
    expect(limitBytes('€€€€', 10)).to.equal('€€…');
    expect(limitBytes('a😀😀😀', 10)).to.equal('a😀…');
    expect(limitBytes('😀😀😀', 10)).to.equal('😀…');
  });
});
