// Checks that no file uses a word that docs/glossary.md rejects.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readGlossary, rejectionsIn } from './rejected-words.ts';

const NOT_OURS = /^(?:test\/fixtures\/|LICENSE$|package-lock\.json$|test\/architecture\/glossary\.test\.ts$)/;
const PAGE = 'docs/glossary.md';

/** Quoted messages of other programs, and keys of JSON output. */
const QUOTED =
  /Can't find an address|can't execute |(?:specification|Job) can not (?:be satisfied|start)|(?:clearml|slurm)Trouble/g;

describe('the check for words that docs/glossary.md rejects', () => {
  const rules = readGlossary(
    ['| term | meaning | not |', '| claim | … | **snatch away**, take |', '| reserve | … | **bake**, **tidy** |'].join(
      '\n',
    ),
  );
  const found = (text: string, file = 'a.ts') => rejectionsIn(file, text, rules);

  it('reports the file and line of a rejected word, and the term to write instead', () => {
    expect(found('one\n  snatch away\n')).to.deep.equal([
      { file: 'a.ts', line: 2, found: 'snatch away', term: 'claim' },
    ]);
  });

  it('finds rejected words in identifiers and file names, in inflected forms, and across line breaks', () => {
    const texts = [
      'snatchAway()',
      'SNATCH_AWAY',
      'snatches away',
      'Snatching Away',
      '// snatched\n  // away',
      '# Baking',
    ];

    expect(texts.filter((text) => found(text).length !== 1)).to.deep.equal([]);
    expect(found('it tidies, it is tidied').map(({ found: word }) => word)).to.deep.equal(['tidies', 'tidied']);
    expect(found('', 'src/snatch-away.ts')).to.have.lengthOf(1);
  });

  it('ignores a rejected word inside a longer word, and words that the glossary does not print in bold', () => {
    expect(found('clambake untidy take taking snatch it away')).to.deep.equal([]);
  });
});

describe('the repository', () => {
  it('contains no word that docs/glossary.md rejects', () => {
    const rules = readGlossary(readFileSync(PAGE, 'utf8'));
    const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0');
    const checked = files.filter((file) => file !== PAGE && file !== '' && !NOT_OURS.test(file) && existsSync(file));

    const rejected = checked.flatMap((file) =>
      rejectionsIn(file, readFileSync(file, 'utf8').replace(QUOTED, ''), rules),
    );

    expect(
      rejected.map(({ file, line, found, term }) => `${file}:${line} has "${found}": write "${term}"`),
    ).to.deep.equal([]);
    expect(rules).to.have.length.above(40);
  });
});
