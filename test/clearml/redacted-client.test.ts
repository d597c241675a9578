// What people read in ClearML: console lines and status messages without the secrets that the log hides too.
import { expect } from 'chai';
import type { Events, StatusNote, Tasks } from '../../src/clearml/client.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import { redactedEvents, redactedTasks } from '../../src/clearml/redacted-client.ts';
import { createSecrets } from '../../src/log/secrets.ts';

const TASK = '1' as TaskId;
const SECRET = 'hunter22/+';

describe('what ClearML is told', () => {
  const secrets = createSecrets();
  secrets.add(SECRET);

  it('holds no secret in a line of the console, in none of its forms', async () => {
    const lines: string[] = [];
    const events: Events = {
      read: () => Promise.resolve([]),
      log: (_task, _worker, logged) => Promise.resolve(void lines.push(...logged.map(({ text }) => text))),
    };
    const base64 = Buffer.from(SECRET).toString('base64');

    await redactedEvents(events, secrets).log(TASK, 'w', [
      { level: 'INFO', text: `key = ${SECRET}` },
      { level: 'ERROR', text: `Basic ${base64} ${encodeURIComponent(SECRET)}` },
    ]);

    expect(lines).to.deep.equal(['key = ********', 'Basic ******** ********']);
  });

  it('holds none in a status message, whatever the call', async () => {
    const told: string[] = [];
    const hear = (_id: TaskId, note: StatusNote | string): Promise<void> =>
      Promise.resolve(void told.push(typeof note === 'string' ? note : `${note.reason}: ${note.message}`));
    const note = { reason: `Slurm ${SECRET}`, message: SECRET };
    const tasks = redactedTasks(
      {
        setStatusMessage: hear,
        fail: hear,
        stop: hear,
        complete: hear,
        unstart: (id: TaskId, _from: unknown, heard: StatusNote) => hear(id, heard),
      } as unknown as Tasks,
      secrets,
    );

    await tasks.setStatusMessage(TASK, SECRET);
    await tasks.fail(TASK, note, { force: false });
    await tasks.stop(TASK, note, { force: false });
    await tasks.complete(TASK, note);
    await tasks.unstart(TASK, 'stopped', note);

    expect(told).to.deep.equal(['********', ...Array.from({ length: 4 }, () => 'Slurm ********: ********')]);
  });

  it('is never as long as a name or a value of a task can be, in a status message', async () => {
    const lengths: number[] = [];
    const tasks = {
      fail: (_id: TaskId, { message }: StatusNote) => Promise.resolve(void lengths.push(message.length)),
    } as unknown as Tasks;

    await redactedTasks(tasks, secrets).fail(TASK, { reason: 'r', message: 'a '.repeat(1_000_000) }, { force: false });

    expect(lengths[0]).to.be.below(5_000);
  });
});
