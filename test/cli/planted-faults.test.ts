// The table of planted faults: at least one for each rule of lint and each check of doctor, and the page that shows it.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { CLUSTER_CHECKS } from '../../src/doctor/cluster-checks.ts';
import { HERE_CHECKS } from '../../src/doctor/here-checks.ts';
import { NODE_CHECKS } from '../../src/doctor/node-checks.ts';
import { RULES } from '../../src/template/lint/rules.ts';
import { PLANTED_FAULTS, plantedFaultsPage } from './planted-faults.ts';

describe('the planted faults', () => {
  it('are shown by the page that `npm run docs` writes', () => {
    expect(readFileSync(new URL('../../docs/planted-faults.md', import.meta.url), 'utf8')).to.equal(
      plantedFaultsPage(),
    );
  });

  it('are one at least for each rule of lint and each check of doctor', () => {
    const checks = [...HERE_CHECKS, ...CLUSTER_CHECKS, ...NODE_CHECKS].map(({ id }) => id);
    // A node that does not see the shared folder can't write there what it found: `probe-job` tells of that.
    const wanted = [...Object.keys(RULES), ...checks].filter((id) => id !== 'node-shared-folder');

    expect([...new Set(PLANTED_FAULTS.map(({ foundBy }) => foundBy))]).to.have.members(wanted);
  });

  it('are told apart by what they are', () => {
    const told = PLANTED_FAULTS.map(({ what, foundBy }) => `${foundBy}: ${what}`);

    expect(new Set(told).size).to.equal(told.length);
  });
});
