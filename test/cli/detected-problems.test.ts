// The table of detected problems: at least one for each rule of lint and each check of doctor, and its page.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { CHECKS } from '../../src/doctor/run-doctor.ts';
import { RULES } from '../../src/lint/lint-rules.ts';
import { DETECTED_PROBLEMS, detectedProblemsPage } from './detected-problems.ts';

describe('docs/proof/detected-problems.md', () => {
  it('equals the output of `npm run docs`', () => {
    expect(readFileSync(new URL('../../docs/proof/detected-problems.md', import.meta.url), 'utf8')).to.equal(
      detectedProblemsPage(),
    );
  });

  it('contains a problem for each rule of lint and each check of doctor', () => {
    const checks = Object.values(CHECKS)
      .flat()
      .map(({ id }) => id);
    // A node without the shared directory cannot write its results there: `probe-job` reports that.
    const wanted = [...Object.keys(RULES), ...checks].filter((id) => id !== 'node-shared-folder');

    expect([...new Set(DETECTED_PROBLEMS.map(({ foundBy }) => foundBy))]).to.have.members(wanted);
  });

  it('describes no problem twice', () => {
    const described = DETECTED_PROBLEMS.map(({ what, foundBy }) => `${foundBy}: ${what}`);

    expect(new Set(described).size).to.equal(described.length);
  });
});
