// `pause` and `resume`: what a daemon claims in between, and what the waiting tasks and `status` show.
import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCliWithStandIns, type CliWithStandIns } from './cli-with-stand-ins.ts';

const TEMPLATE = '#!/bin/bash\n#SBATCH --hold\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('a pause', () => {
  let cli: CliWithStandIns;

  beforeEach(async () => {
    cli = await openCliWithStandIns('max_jobs: 200, max_jobs_per_user: 2', { SUDO_USER: 'alice', USER: 'clearml' });
    await cli.submitOne(TEMPLATE, 'first');
  });
  afterEach(() => cli[Symbol.asyncDispose]());

  async function enqueue(name: string): Promise<string> {
    const task = await cli.user.makeTask({ name });
    await cli.user.enqueue(task, await cli.user.makeQueue('gpu'));
    return task;
  }

  /** Runs the daemon for one pass. */
  async function claim(): Promise<void> {
    const { code, stderr } = await cli.run('--once', '--queue', 'gpu', '--template-files', 't');
    expect(code, stderr).to.equal(0);
  }

  interface Status {
    readonly tasks: readonly unknown[];
    readonly waiting: readonly { readonly task: string; readonly why: string }[];
    readonly pauses: readonly {
      readonly queue: string | null;
      readonly until: string | null;
      readonly reason: string;
      readonly by: string | null;
    }[];
    readonly limits: readonly unknown[];
  }

  async function status(): Promise<Status> {
    const { stdout } = await cli.run('status', '--json');
    const { clusters } = JSON.parse(stdout) as { clusters: [Status] };
    return clusters[0];
  }

  it('prevents the claims of a daemon that starts later, until the resume command', async () => {
    const paused = await cli.run('pause', 'gpu', '--until', '2h', '--reason', 'new drivers');
    const task = await enqueue('second');
    await claim();

    expect(paused.code, paused.stderr).to.equal(0);
    expect(paused.stdout).to.match(
      /^Queue gpu: paused until .* UTC: no task is claimed; jobs in Slurm continue\.\nNo daemon is running with the state directory .*\. The change applies when a daemon starts\.\n$/,
    );
    const seen = await status();
    expect(seen.pauses[0]).to.deep.include({ queue: 'gpu', reason: 'new drivers', by: 'alice' });
    expect(seen.waiting.map((row) => row.task)).to.deep.equal([task]);
    expect(seen.waiting[0]?.why).to.match(/^the queue is paused until .* UTC \(new drivers\)\. This task is next\.$/);

    const resumed = await cli.run('resume');
    await claim();

    expect(resumed.stdout).to.match(/^All queues: resumed\.\n/);
    const after = await status();
    expect(after.pauses).to.deep.equal([]);
    expect(after.waiting).to.deep.equal([]);
    expect(after.tasks).to.have.length(2);
    expect(after.limits).to.deep.equal([
      { queue: null, name: 'max_jobs', limit: 200, used: 2, usersAtLimit: null },
      { queue: null, name: 'max_jobs_per_user', limit: 2, used: 2, usersAtLimit: 1 },
    ]);
  });

  it('replaces an earlier pause of the same queue, but not the pause of the cluster', async () => {
    await cli.run('pause', '--reason', 'everything');
    await cli.run('pause', 'gpu', '--reason', 'one');
    await cli.run('pause', 'gpu', '--reason', 'two');

    expect((await status()).pauses.map(({ queue, reason }) => [queue, reason])).to.deep.equal([
      [null, 'everything'],
      ['gpu', 'two'],
    ]);
    expect((await cli.run('resume', 'gpu')).stdout).to.match(/^Queue gpu: resumed, but the whole cluster is paused\./);
    expect((await cli.run('resume', 'gpu')).stdout).to.match(/^Queue gpu: not paused\./);
  });

  it('prevents all claims if pauses.json is unreadable, until the resume command', async () => {
    await writeFile(join(cli.stateDir, 'pauses.json'), '{');
    await enqueue('second');
    await claim();
    expect(await status()).to.deep.include({ pauses: null });
    expect((await status()).tasks).to.have.length(1);

    expect((await cli.run('resume')).stdout).to.match(/^All queues: resumed\./);
    await claim();

    expect((await status()).tasks).to.have.length(2);
  });

  for (const [words, message] of [
    [['pause', 'gup'], 'Queue "gup" is not served. Did you mean "gpu"?'],
    [['pause', '--until', '2020-01-01T08:00Z'], '--until is in the past: 2020-01-01T08:00Z.'],
    [['pause', '--until', 'tomorrow'], '--until must be a time such as 2026-12-01T08:00, or a duration such as 2h'],
    [['pause', '--reason', 'a\nb'], '--reason must be one line of at most 200 characters.'],
  ] as const) {
    it(`by "${words.join(' ').replace('\n', String.raw`\n`)}" is rejected with the message "${message}"`, async () => {
      const { code, stderr } = await cli.run(...words);

      expect(code).to.equal(2);
      expect(stderr).to.include(message);
    });
  }
});
