// Tests what actions write to the console of a task, and that a failure to write stops no other action.
import { expect } from 'chai';
import { createStepFixture } from '../step-fixture.ts';
import { recordOf } from '../decide/observations.ts';
import { actNow, actOn, JOBS, LINE, parked } from './acting.ts';

describe('when it writes the console lines of an action, the daemon', () => {
  it("adds the template's file and line to advice about an option", async () => {
    const places = new Map([['--time', { file: 'gpu.template', line: 3, properties: ['walltime'] }]]);
    const { deps } = createStepFixture();
    const fixture = createStepFixture({ queues: deps.queues.map((queue) => ({ ...queue, optionLocations: places })) });
    const task = await parked(fixture);
    const set = '--time is set by the user property "walltime" (gpu.template, line 3).';

    await actNow(
      fixture,
      task,
      { do: 'log', level: 'INFO', text: 'Lower --time.' },
      { do: 'show-status', text: 'Lower the --time.' },
    );
    expect((await fixture.read(task))?.statusMessage).to.equal(`Lower the --time. ${set}`);
    await actNow(fixture, task, {
      do: 'end',
      ending: { status: 'failed', reason: 'template', text: 'Raise --time.', withLog: false },
    });

    expect(fixture.consoleOf(task)).to.include.members([`Lower --time. ${set}`, `Raise --time. ${set}`]);
    expect((await fixture.read(task))?.statusMessage).to.equal(`Raise --time. ${set}`);
  });

  it("adds the cause that the job's log shows, and advice", async () => {
    const tail = 'RuntimeError: Found no NVIDIA driver on your system.\n';
    const log = { kind: 'read', path: '/home/u/slurm-7.out', tail } as const;
    const places = new Map([['--gres', { file: 'gpu.template', line: 3, properties: [] }]]);
    const { deps } = createStepFixture();
    const fixture = createStepFixture({
      jobLogs: { read: () => Promise.resolve(log) },
      queues: deps.queues.map((queue) => ({ ...queue, optionLocations: places })),
    });
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'parked', record: recordOf(), jobs: JOBS } as const;

    await actOn(fixture, task, seen, [LINE, { ...LINE, withAdvice: true }]);

    const [first, second, advice] = fixture.consoleOf(task);
    expect([first, second]).to.deep.equal([LINE.text, LINE.text]);
    expect(advice).to.include('the program found no GPU').and.to.include('--gres is set in gpu.template, line 3.');
  });

  it("takes from the job's log the rank that failed first", async () => {
    const tail = 'clearml: n1: rank 0 of 2 ended with exit code 7\nclearml: n2: rank 1 of 2 ended with exit code 1\n';
    const log = { kind: 'read', path: '/home/u/slurm-7.out', tail } as const;
    const fixture = createStepFixture({ jobLogs: { read: () => Promise.resolve(log) } });
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'parked', record: recordOf(), jobs: JOBS } as const;

    await actOn(fixture, task, seen, [{ ...LINE, namesRank: true }]);

    const sentence = 'Rank 0 on n1 ended with exit code 7, and Slurm ended the other ranks.';
    expect(fixture.consoleOf(task).join(' ')).to.equal(`${sentence} ${LINE.text}`);
  });

  it("takes from the job's log the ranks that did not run", async () => {
    const tail = 'clearml: n2: rank 1 does not run the task, which was completed before this rank started\n';
    const log = { kind: 'read', path: '/home/u/slurm-7.out', tail } as const;
    const fixture = createStepFixture({ jobLogs: { read: () => Promise.resolve(log) } });
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'parked', record: recordOf(), jobs: JOBS } as const;

    await actOn(fixture, task, seen, [LINE, { ...LINE, withIdleRanks: true }]);

    const [first, second, ...rest] = fixture.consoleOf(task);
    expect([first, second]).to.deep.equal([LINE.text, LINE.text]);
    expect(rest.join(' ')).to.match(/^Rank 1 \(n2\) did not run: /);
  });

  it("reads the job's log only once for an action that needs ranks and advice", async () => {
    let reads = 0;
    const log = { kind: 'read', path: '/home/u/slurm-7.out', tail: '' } as const;
    const read = (): Promise<typeof log> => Promise.resolve(log).finally(() => (reads += 1));
    const fixture = createStepFixture({ jobLogs: { read } });
    const task = await parked(fixture);

    await actNow(fixture, task, LINE);
    expect(reads).to.equal(0);
    await actNow(fixture, task, { ...LINE, namesRank: true, withAdvice: true, withIdleRanks: true });

    expect(reads).to.equal(1);
  });

  it('still carries out the next action if the server rejects a console message', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    fixture.fate = ({ endpoint }) => (endpoint === 'events.add_batch' ? 'not made' : undefined);

    await actNow(fixture, task, { do: 'log', level: 'INFO', text: 'a line' }, { do: 'forget' });

    expect(fixture.deps.journal.entries.size).to.equal(0);
    expect(fixture.logged).to.deep.include('warn: Could not write to the console or status message of the task');
  });
});
