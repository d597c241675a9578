// Tests that long texts of users are truncated.
import { expect } from 'chai';
import { limitBytes, limitText, MAX_LENGTH } from '../../src/base/truncate-text.ts';

describe('limitText', () => {
  it('keeps a text that is short enough', () => {
    expect(limitText('a'.repeat(MAX_LENGTH.name), 'name')).to.equal('a'.repeat(MAX_LENGTH.name));
  });

  it('truncates a longer text to the limit, and splits no character', () => {
    expect(limitText('a'.repeat(MAX_LENGTH.name + 1), 'name')).to.equal(`${'a'.repeat(MAX_LENGTH.name - 1)}…`);
    expect(limitText(`a${'😀'.repeat(MAX_LENGTH.name)}`, 'name')).to.equal(`a${'😀'.repeat(99)}…`);
    expect(limitText('😀'.repeat(MAX_LENGTH.name), 'name')).to.equal(`${'😀'.repeat(99)}…`);
  });
});

describe('limitBytes', () => {
  it('keeps a text that is short enough', () => {
    expect(limitBytes('aé', 3)).to.equal('aé');
  });

  it('truncates a longer text to the limit, and splits no character', () => {
    expect(limitBytes('a'.repeat(11), 10)).to.equal('aaaaaaa…');
    expect(limitBytes('€€€€', 10)).to.equal('€€…');
    expect(limitBytes('a😀😀😀', 10)).to.equal('a😀…');
    expect(limitBytes('😀😀😀', 10)).to.equal('😀…');
  });
});
