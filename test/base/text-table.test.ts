// A table: its columns stand below each other whatever is in them, and its last one makes do with the room there is.
import { expect } from 'chai';
import { textTable } from '../../src/base/text-table.ts';
import { cutToWidth } from '../../src/base/text-width.ts';

const HEAD = ['NAME', 'WHY'];
const LONG = 'one two three four five six seven eight nine ten eleven twelve';

describe('a table', () => {
  it('has its columns below each other, wide signs and joined ones too', () => {
    expect(
      textTable(HEAD, [
        ['学習', 'a'],
        ['👩‍🚀', 'b'],
        ['\x1b[32mred\x1b[39m', 'c'],
      ]),
    ).to.equal('NAME  WHY\n学習  a\n👩‍🚀    b\n\x1b[32mred\x1b[39m   c\n');
  });

  it('has one line for each row where nobody says how wide the terminal is', () => {
    expect(textTable(HEAD, [['a', LONG]])).to.equal(`NAME  WHY\na     ${LONG}\n`);
  });

  it('goes on in its last column where there is room', () => {
    expect(textTable(HEAD, [['a', LONG]], 50)).to.equal(
      'NAME  WHY\na     one two three four five six seven eight nine\n      ten eleven twelve\n',
    );
  });

  it('has the last column below its row where there is too little, and where a word of it has none', () => {
    expect(
      textTable(
        HEAD,
        [
          ['a', LONG],
          ['b', 'short'],
          ['c', ''],
        ],
        30,
      ),
    ).to.equal(
      'NAME  WHY\na\n    one two three four five\n    six seven eight nine ten\n    eleven twelve\nb     short\nc\n',
    );
    expect(textTable(HEAD, [['a', '/a/path/'.repeat(8)]], 60)).to.equal(`NAME  WHY\na\n    ${'/a/path/'.repeat(8)}\n`);
  });
});

describe('a text that is cut', () => {
  it('takes at most its columns, and ends between signs', () => {
    expect(cutToWidth('abcdef', 6)).to.equal('abcdef');
    expect(cutToWidth('abcdefg', 6)).to.equal('abcde…');
    expect(cutToWidth('学習タスク', 6)).to.equal('学習…');
    expect(cutToWidth('👩‍🚀👩‍🚀👩‍🚀', 4)).to.equal('👩‍🚀…');
    expect(cutToWidth('e\u0301'.repeat(5), 3)).to.equal('e\u0301e\u0301…');
  });
});
