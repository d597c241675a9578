// The table of seeded faults: at least one for each rule of lint and each check of doctor, and its page.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { CHECKS } from '../../src/doctor/checks.ts';
import { RULES } from '../../src/lint/rules.ts';
import { SEEDED_FAULTS, seededFaultsPage } from './seeded-faults.ts';

describe('the table of seeded faults', () => {
  it('matches the page that `npm run docs` writes', () => {
    expect(readFileSync(new URL('../../docs/seeded-faults.md', import.meta.url), 'utf8')).to.equal(seededFaultsPage());
  });

  it('covers each rule of lint and each check of doctor', () => {
    const checks = Object.values(CHECKS)
      .flat()
      .map(({ id }) => id);
    // A node without the shared directory cannot write its results there: `probe-job` reports that.
    const wanted = [...Object.keys(RULES), ...checks].filter((id) => id !== 'node-shared-folder');

    expect([...new Set(SEEDED_FAULTS.map(({ foundBy }) => foundBy))]).to.have.members(wanted);
  });

  it('has unique descriptions', () => {
    const described = SEEDED_FAULTS.map(({ what, foundBy }) => `${foundBy}: ${what}`);

    expect(new Set(described).size).to.equal(described.length);
  });
});
