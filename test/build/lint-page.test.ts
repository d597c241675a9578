// docs/lint.md: generated from the table of rules, each with complete sentences.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { RULES } from '../../src/lint/lint-rules.ts';
import { lintPage } from '../../build/docs/lint-page.ts';

describe('docs/lint.md', () => {
  it('equals the output of `npm run docs`', () => {
    expect(readFileSync(new URL('../../docs/lint.md', import.meta.url), 'utf8')).to.equal(lintPage());
  });

  for (const [id, { why, write }] of Object.entries(RULES)) {
    it(`explains why the rule "${id}" exists and what to write instead`, () => {
      expect(why).to.match(/^[A-Za-z$][^]*\.$/);
      expect(write).to.match(/^[A-Z][^]*\.$/);
    });
  }
});
