// Console lines and status messages in ClearML, without the secrets that the log hides too.
import { expect } from 'chai';
import type { Events, StatusNote, Tasks } from '../../src/clearml/client.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import { redactedEvents, redactedTasks } from '../../src/clearml/redact-secrets-in-tasks.ts';
import { createSecrets } from '../../src/log/redact-secrets.ts';

const TASK = '1' as TaskId;
const SECRET = 'hunter22/+';

describe('the ClearML client (with redaction of secrets)', () => {
  const secrets = createSecrets();
  secrets.add(SECRET);

  it('masks a secret in console lines, in every encoding', async () => {
    const lines: string[] = [];
    const log: Events['log'] = (_task, _worker, logged) =>
      Promise.resolve(void lines.push(...logged.map(({ text }) => text)));
    const events: Events = {
      read: () => Promise.resolve([]),
      log,
      logLater: log,
      flush: () => Promise.resolve(),
    };
    const base64 = Buffer.from(SECRET).toString('base64');

    await redactedEvents(events, secrets).log(TASK, 'w', [
      { level: 'INFO', text: `key = ${SECRET}` },
      { level: 'ERROR', text: `Basic ${base64} ${encodeURIComponent(SECRET)}` },
    ]);

    await redactedEvents(events, secrets).logLater(TASK, 'w', [{ level: 'INFO', text: `later = ${SECRET}` }]);

    expect(lines).to.deep.equal(['key = ********', 'Basic ******** ********', 'later = ********']);
  });

  it('masks a secret in the status message of every call', async () => {
    const sent: string[] = [];
    const record = (_id: TaskId, note: StatusNote | string): Promise<void> =>
      Promise.resolve(void sent.push(typeof note === 'string' ? note : `${note.reason}: ${note.message}`));
    const note = { reason: `Slurm ${SECRET}`, message: SECRET };
    const tasks = redactedTasks(
      {
        setStatusMessage: record,
        fail: record,
        stop: record,
        complete: record,
        unstart: (id: TaskId, _from: unknown, heard: StatusNote) => record(id, heard),
      } as unknown as Tasks,
      secrets,
    );

    await tasks.setStatusMessage(TASK, SECRET);
    await tasks.fail(TASK, note, { force: false });
    await tasks.stop(TASK, note, { force: false });
    await tasks.complete(TASK, note);
    await tasks.unstart(TASK, 'stopped', note);

    expect(sent).to.deep.equal(['********', ...Array.from({ length: 4 }, () => 'Slurm ********: ********')]);
  });

  it('truncates a long status message', async () => {
    const lengths: number[] = [];
    const tasks = {
      fail: (_id: TaskId, { message }: StatusNote) => Promise.resolve(void lengths.push(message.length)),
    } as unknown as Tasks;

    await redactedTasks(tasks, secrets).fail(TASK, { reason: 'r', message: 'a '.repeat(1_000_000) }, { force: false });

    expect(lengths[0]).to.be.below(5_000);
  });
});
