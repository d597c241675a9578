// The recorded output of each release of Slurm is read alike: a new release needs only a new directory of recordings.
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import * as z from 'zod';
import { isLive, parseJobState } from '../../src/slurm/job-state.ts';
import { parseSacctRecord } from '../../src/slurm/sacct-forgotten-job.ts';
import { parseSacctJobs } from '../../src/slurm/look-up-sacct-jobs.ts';
import { parseSbatch } from '../../src/slurm/sbatch.ts';
import { parseAssociations, entrances, parsePartitionRights } from '../../src/slurm/partition-rights.ts';
import { parsePartitions } from '../../src/slurm/sinfo.ts';
import { parseScancel } from '../../src/slurm/cancel-jobs.ts';
import type { JobId, JobList } from '../../src/slurm/scheduler.ts';
import { parseClusterFacts } from '../../src/slurm/scontrol-show-config.ts';
import { isUnknownJob, parseJobRecord } from '../../src/slurm/scontrol-show-job.ts';
import { parseSqueue } from '../../src/slurm/squeue.ts';
import { MARK, RECORDED_JOBS, recordedName } from '../fixtures/slurm/recorded-jobs.ts';
import { RECORDED_REFUSALS, REFUSED_WITHOUT_CONTROLLER } from '../fixtures/slurm/recorded-refusals.ts';
import { SLURM_RELEASES } from '../set-up/slurm-roots.mjs';
import { fixture, FIXTURES, result } from './recorded-output.ts';

const Answers = z.record(z.string(), z.object({ exitCode: z.number(), stdout: z.string(), stderr: z.string() }));
const Records = z.record(z.string(), z.object({ id: z.string(), scontrol: z.string(), sacct: z.string() }));

const releases = readdirSync(new URL('recorded/', FIXTURES));

it('the recorded output covers every release of Slurm that the tests use', () => {
  const recorded = releases.map((release) => release.replace(/\.\d+$/, '')).toSorted();

  expect(recorded).to.deep.equal(SLURM_RELEASES.map(({ version }) => version));
});

for (const release of releases) {
  const text = (file: string): string => fixture(`recorded/${release}/${file}`);
  const records = Records.parse(JSON.parse(text('records.json')));
  const recordOf = (role: string): z.infer<typeof Records>[string] => {
    const found = records[role];
    if (found === undefined) throw new Error(`${role} is not recorded: npm run record-fixtures`);
    return found;
  };
  const refusals = Answers.parse(JSON.parse(text('sbatch.json')));
  const answers = Answers.parse(JSON.parse(text('answers.json')));

  describe(`the parsers of recorded Slurm ${release} output`, () => {
    it('read the settings of the cluster from scontrol show config', () => {
      expect(parseClusterFacts(text('config.txt'))).to.deep.equal({
        clusterName: 'recorded',
        version: release,
        minJobAgeMs: 300_000,
        messageTimeoutMs: 5_000,
        hasAccounting: true,
      });
    });

    it('read the nodes and the permitted accounts of each partition', () => {
      const partitions = parsePartitions(text('sinfo.txt'));
      const rights = parsePartitionRights(text('partitions.txt'));
      const associations = parseAssociations(text('associations.txt'));
      const entrancesOf = (name: string): string[] =>
        rights
          .filter((one) => one.name === name)
          .flatMap((one) => entrances(one, associations))
          .map(({ account, qos }) => `${account} ${qos ?? ''}`.trim());

      expect(rights.map(({ name }) => name)).to.have.members(partitions.map(({ name }) => name));
      expect(partitions.find(({ name }) => name === 'members')).to.deep.equal({
        name: 'members',
        isDefault: false,
        isUp: true,
        timeLimit: '2-00:00:00',
        nodes: 3,
        usableNodes: 1,
        cpus: 16,
        memoryMb: 16_384,
        gres: ['gpu:a100:4'],
      });
      expect(partitions.find(({ name }) => name === 'empty')).to.include({ nodes: 0, usableNodes: 0 });
      expect(associations.map(({ account, isDefault }) => [account, isDefault])).to.deep.equal([
        ['lab', true],
        ['root', false],
      ]);
      expect(entrancesOf('debug')).to.deep.equal(['lab', 'root']);
      expect(entrancesOf('members')).to.deep.equal(['lab']);
      expect(entrancesOf('others')).to.deep.equal([]);
      expect(entrancesOf('quick')).to.deep.equal(['lab one-job']);
      expect(rights.filter(({ isForRootOnly }) => isForRootOnly).map(({ name }) => name)).to.deep.equal(['roots']);
    });

    it('classify a job in the state COMPLETING as live', () => {
      const completing = listed(parseSqueue(result({ stdout: text('squeue-completing.txt') }), MARK)).filter(
        (job) => job.state === 'COMPLETING',
      );

      expect(completing).to.have.length(1);
      expect(isLive('COMPLETING')).to.equal(true);
    });

    for (const { role, state, reason, exit } of RECORDED_JOBS) {
      it(`read the job named "${role}" from squeue, scontrol and sacct`, () => {
        const { id, scontrol, sacct } = recordOf(role);
        const shown = listed(parseSqueue(result({ stdout: text('squeue.txt') }), MARK)).find((job) => job.id === id);
        const record = parseJobRecord(scontrol, id as JobId);

        expect(shown).to.include({ name: recordedName(role), state, ...(reason === undefined ? {} : { reason }) });
        expect(shown?.submittedAt).to.be.a('number');
        expect(shown?.endedAt === undefined).to.equal(isLive(state));
        expect(record).to.include({ name: recordedName(role), ...exit });
        expect(record && parseJobState(record.stateWord)).to.equal(state);
        expect(record?.outputPath).to.match(/^\//);
        expect(record?.restarts).to.equal(role === 'requeued' ? 1 : 0);
        const past = parseSacctRecord(result({ stdout: sacct }));
        expect(past).to.include({ name: recordedName(role), ...exit });
        expect(past && parseJobState(past.stateWord)).to.equal(state);
      });
    }

    it('read a job name that looks like several rows as one job name', () => {
      const jobs = listed(parseSqueue(result({ stdout: text('squeue.txt') }), MARK));

      expect(jobs.filter(({ name }) => name.startsWith('evil'))).to.have.length(1);
      expect(new Set(jobs.map(({ id }) => id)).size).to.equal(jobs.length);
    });

    it('find every job except the held job in the output of sacct', () => {
      const names = listed(parseSacctJobs(result({ stdout: text('sacct.txt') }))).map((job) => job.name);

      const roles = RECORDED_JOBS.map(({ role }) => role).filter((role) => role !== 'held');
      expect(names).to.have.members(roles.map(recordedName));
    });

    for (const { what, means } of [...RECORDED_REFUSALS, REFUSED_WITHOUT_CONTROLLER]) {
      it(`classify sbatch's response to ${what} as "${refusals[what]?.exitCode === 0 ? 'accepted' : means}"`, () => {
        const answer = refusals[what];
        const outcome = parseSbatch(result(answer ?? {}));

        // Some releases take it, and let the job wait.
        expect(outcome.kind).to.equal(answer?.exitCode === 0 ? 'accepted' : means);
      });
    }

    for (const what of ['an unknown job', 'an ended job', 'another job name']) {
      it(`classify scancel's response to ${what.replace('another', 'a wrong')} as successful`, () => {
        expect(parseScancel(result(answers[`scancel, ${what}`] ?? {}))).to.equal(undefined);
      });
    }

    it('report that all cancellations failed if the controller was down', () => {
      expect(parseScancel(result(answers['scancel, no controller'] ?? {}))).to.include({ isOfOneJob: false });
    });

    it('recognize an unknown job in the output of scontrol and of sacct', () => {
      expect(isUnknownJob(answers['scontrol, an unknown job']?.stderr ?? '')).to.equal(true);
      expect(parseSacctRecord(result(answers['sacct, an unknown job'] ?? {}))).to.equal(undefined);
    });

    it('report a failure, not an empty list, if the controller or the database was down', () => {
      expect(parseSqueue(result(answers['squeue, no controller'] ?? {}), MARK).kind).to.equal('failed');
      expect(parseSacctJobs(result(answers['sacct, no database'] ?? {})).kind).to.equal('failed');
    });
  });
}

function listed(list: JobList): Extract<JobList, { kind: 'listed' }>['jobs'] {
  if (list.kind === 'failed') throw new Error(list.message);
  return list.jobs;
}
