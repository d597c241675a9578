// Tests which logs are read, what is redacted, and that no log delays a pass.
import { expect } from 'chai';
import { CommandTimeoutError } from '../../../src/transport/errors.ts';
import type { Command, CommandResult } from '../../../src/transport/transport.ts';
import { createJobLogs, type JobLogs } from '../../../src/daemon/console/job-log-reader.ts';
import type { JobRecord } from '../../../src/slurm/scheduler.ts';
import { recordOf } from '../decide/observations.ts';

interface RecordedLogs {
  readonly logs: JobLogs;
  readonly asked: Command[];
}

function logsFrom(answer: (command: Command) => Promise<string>, clock = { now: () => 0 }): RecordedLogs {
  const asked: Command[] = [];
  const host = {
    name: 'login1',
    async run(command: Command): Promise<CommandResult> {
      asked.push(command);
      return { exitCode: 0, killedBy: undefined, stdout: await answer(command), stderr: '' };
    },
    close: () => Promise.resolve(),
  };
  return { logs: createJobLogs({ host, clock, redact: (text) => text.replaceAll('hunter22', '********') }), asked };
}

const returning = (text: string) => (): Promise<string> => Promise.resolve(text);
const failureOf = async (logs: JobLogs, record: Partial<JobRecord> = {}): Promise<string> => {
  const log = await logs.read(recordOf(record));
  return log?.kind === 'not shown' ? log.why : expect.fail('it is shown');
};

describe('the reader of job logs', () => {
  it("reads a log file only if the job's Unix user owns the file", async () => {
    const { logs, asked } = logsFrom(returning('part 0 4\nlast'));

    expect(await logs.read(recordOf({ userId: 4242 }))).to.deep.equal({
      kind: 'read',
      path: '/home/u/slurm-7.out',
      tail: 'last',
      isWhole: true,
    });
    expect(asked[0]?.args).to.include.members(['/home/u/slurm-7.out', '4242']);
  });

  it('masks secrets, and omits an incomplete first line that may contain part of a secret', async () => {
    expect(await logsFrom(returning('part 0 9\nkey hunter22 and more')).logs.read(recordOf())).to.include({
      tail: 'key ******** and more',
    });
    expect(await logsFrom(returning('part 40 90\nter22 begins a line\nlast')).logs.read(recordOf())).to.include({
      tail: 'last',
    });
  });

  it("opens no file if Slurm's record does not clearly name the log path or the Unix user", async () => {
    const { logs, asked } = logsFrom(returning('part 0 4\nlast'));

    expect(await failureOf(logs, { outputPath: undefined, isOutputInDoubt: true })).to.match(/ambiguous/);
    expect(await failureOf(logs, { userId: undefined })).to.match(/ambiguous/);
    expect(asked).to.deep.equal([]);
  });

  it('rejects a log that is a symbolic link, and reports this reason', async () => {
    expect(await failureOf(logsFrom(returning('refused link\n')).logs)).to.equal(
      "The job's log /home/u/slurm-7.out is not shown because it is a symbolic link.",
    );
  });

  it('waits a minute after a timeout before it reads a log that decides no final status (S-61)', async () => {
    let now = 0;
    const { logs, asked } = logsFrom(
      ({ program, timeoutMs }) => Promise.reject(new CommandTimeoutError(program, timeoutMs, '', '')),
      { now: () => now },
    );

    expect(await failureOf(logs)).to.match(/cannot be read from here/);
    now = 59_998;
    expect(await failureOf(logs)).to.match(/cannot be read from here/);
    expect(asked).to.have.length(1);
    await logs.read(recordOf(), { decides: true });
    expect(asked, 'one that decides how its task ends is tried').to.have.length(2);
    now += 59_999;
    await failureOf(logs);
    expect(asked).to.have.length(2);
    now += 1;
    await failureOf(logs);
    expect(asked).to.have.length(3);
  });

  it("reads no third user's log after reads for two users have timed out", async () => {
    const { logs, asked } = logsFrom(({ program, args, timeoutMs }) =>
      args.includes('3')
        ? returning('part 0 4\nlast')()
        : Promise.reject(new CommandTimeoutError(program, timeoutMs, '', '')),
    );

    await failureOf(logs, { userId: 1 });
    expect(await logs.read(recordOf({ userId: 3 }))).to.include({ tail: 'last' });
    await failureOf(logs, { userId: 2 });
    expect(await failureOf(logs, { userId: 3 })).to.match(/cannot be read from here/);
    expect(asked).to.have.length(3);
  });

  it('reads at most two logs at once', async () => {
    const answers: ((text: string) => void)[] = [];
    const { logs, asked } = logsFrom(() => new Promise((resolve) => answers.push(resolve)));
    const reads = Array.from({ length: 5 }, () => logs.read(recordOf()));

    for (let done = 0; done < 5; done += 1) {
      await Promise.resolve();
      expect(asked.length).to.be.at.most(done + 2);
      while (answers.length <= done) await new Promise(setImmediate);
      answers[done]?.('part 0 1\nx');
    }
    await Promise.all(reads);
    expect(asked).to.have.length(5);
  });
});
