// docs/doctor.md: generated from the tables of the checks, whose texts have one form.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { CLUSTER_CHECKS } from '../../src/doctor/cluster-checks.ts';
import { HERE_CHECKS } from '../../src/doctor/configuration-checks.ts';
import { NODE_CHECKS } from '../../src/doctor/node-checks.ts';
import { doctorPage } from '../../build/pages.ts';

describe('docs/doctor.md', () => {
  it('equals the output of `npm run docs`', () => {
    expect(readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8')).to.equal(doctorPage());
  });

  const rows = [...HERE_CHECKS, ...CLUSTER_CHECKS, ...NODE_CHECKS].map(({ id, question: asks, fix }) => ({
    id,
    asks,
    fix,
  }));

  it('lists each check once', () => {
    expect(new Set(rows.map(({ id }) => id)).size).to.equal(rows.length);
  });

  for (const { id, asks, fix } of rows) {
    it(`shows ${id} with a question and a fix without a full stop, which the report adds`, () => {
      expect(asks).to.match(/^[A-Z].*\?$/);
      expect(fix).to.match(/^[A-Z].*[^.]$/);
    });
  }
});
