// What each recorded release of Slurm answers can be read: a new release is a new folder of fixtures.
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { readSacct } from '../../src/slurm/sacct.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { readFacts, readJobRecord } from '../../src/slurm/scontrol.ts';
import { readSqueue } from '../../src/slurm/squeue.ts';
import { fixture, FIXTURES, result } from './fixture.ts';

/** The mark with which every squeue.txt was recorded. */
const MARK = 'mark1234';

for (const folder of readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  const version = folder.name;
  const files = readdirSync(new URL(version, FIXTURES));

  describe(`what Slurm ${version} answers`, () => {
    it('tells the facts of its cluster', () => {
      expect(readFacts(fixture(`${version}/config.txt`))).to.include({ version });
    });

    it('lists its jobs', () => {
      expect(readSqueue(result({ stdout: fixture(`${version}/squeue.txt`) }), MARK)).to.have.property('kind', 'listed');
    });

    if (files.includes('sacct.txt')) {
      it('remembers its jobs', () => {
        expect(readSacct(result({ stdout: fixture(`${version}/sacct.txt`) }))).to.have.property('kind', 'listed');
      });
    }

    for (const file of files.filter((name) => name.startsWith('job-'))) {
      it(`tells of one job (${file})`, () => {
        const text = fixture(`${version}/${file}`);
        const id = /^JobId=(\d+)/.exec(text)?.[1] as JobId;

        expect(readJobRecord(text, id)?.outputPath).to.match(/^\//);
      });
    }
  });
}
