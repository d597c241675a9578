// docs/doctor.md: generated from the tables of the checks, whose texts have one form.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { CHECKS } from '../../src/doctor/run-doctor.ts';
import { doctorPage } from '../../build/docs/doctor-page.ts';

describe('docs/doctor.md', () => {
  it('equals the output of `npm run docs`', () => {
    expect(readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8')).to.equal(doctorPage());
  });

  const rows = Object.values(CHECKS)
    .flat()
    .map(({ id, question: asks, fix }) => ({
      id,
      asks,
      fix,
    }));

  it('lists each check once', () => {
    expect(new Set(rows.map(({ id }) => id)).size).to.equal(rows.length);
  });

  for (const { id, asks, fix } of rows) {
    it(`contains a question and a fix for the check "${id}"`, () => {
      expect(asks).to.match(/^[A-Z].*\?$/);
      expect(fix).to.match(/^[A-Z].*[^.]$/);
    });
  }
});
