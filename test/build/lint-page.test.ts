// docs/lint.md: made from the table of rules, each with whole sentences.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { RULES } from '../../src/lint/rules.ts';
import { rulesPage } from '../../build/pages.ts';

describe('the page about lint', () => {
  it('is what `npm run docs` writes', () => {
    expect(readFileSync(new URL('../../docs/lint.md', import.meta.url), 'utf8')).to.equal(rulesPage());
  });

  for (const [id, { why, write }] of Object.entries(RULES)) {
    it(`tells of ${id} why, and what to write, in whole sentences`, () => {
      expect(why).to.match(/^[A-Za-z$][^]*\.$/);
      expect(write).to.match(/^[A-Z][^]*\.$/);
    });
  }
});
