// The part of the contract about the console of a task.
import { expect } from 'chai';
import * as z from 'zod';
import type { ConsoleLine } from '../../src/clearml/client.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { ContractTestBed } from './contract-test-bed.ts';

const Console = z.object({ events: z.array(z.object({ msg: z.string(), worker: z.string(), level: z.string() })) });

export function defineConsoleContract(testBed: () => ContractTestBed): void {
  /** The console's events once there are that many: a real server shows them a moment after it took them. */
  function consoleOf(task: TaskId, count: number): Promise<z.infer<typeof Console>['events']> {
    return waitUntil(`${count} console events`, async () => {
      const body = { task, batch_size: 1000, navigate_earlier: false };
      const { events } = Console.parse(await testBed().raw.call('events.get_task_log', body));
      return events.length >= count && events;
    });
  }

  function info(text: string): ConsoleLine {
    return { level: 'INFO', text };
  }

  describe('the console of a task', () => {
    it('shows each line once, in the order written', async () => {
      const { client, raw } = testBed();
      const task = await raw.createTask();
      const lines = Array.from({ length: 60 }, (_, n) => `line ${n}`);

      await client.events.log(task, 'slurm:c1', lines.slice(0, 40).map(info));
      await client.events.log(task, 'slurm:c1', lines.slice(40).map(info));

      expect((await consoleOf(task, 60)).map((event) => event.msg)).to.deep.equal(lines);
    });

    it('shows the level, the worker and the unchanged text of a line, even for a queued task', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const task = await newTaskIn(await newQueue());
      const text = 'two\nlines, "quotes", €, \u001b[31mred\u001b[0m';

      await client.events.log(task, 'slurm:c1', [{ level: 'ERROR', text }]);

      expect(await consoleOf(task, 1)).to.deep.equal([{ msg: text, worker: 'slurm:c1', level: 'ERROR' }]);
    });

    it('shows a text of 15,000 lines completely', async () => {
      const { client, raw } = testBed();
      const task = await raw.createTask();
      const text = `${'0123456789 €\n'.repeat(15_000)}end`;

      await client.events.log(task, 'slurm:c1', [info(text)]);

      const pieces = Math.ceil(Buffer.byteLength(text) / 65_536);
      expect((await consoleOf(task, pieces)).map((event) => event.msg).join('')).to.equal(text);
    });

    it('accepts lines after the task has ended (C-24)', async () => {
      const { client, raw } = testBed();
      const task = await raw.createTask();
      await raw.call('tasks.started', { task });
      await raw.call('tasks.failed', { task });

      await client.events.log(task, 'slurm:c1', [info('the tail of the log')]);

      expect(await consoleOf(task, 1)).to.have.length(1);
    });

    it('ignores lines for a published or deleted task and reports no error', async () => {
      const { client, raw } = testBed();
      const [published, deleted] = [await raw.createTask(), await raw.createTask()];
      await raw.call('tasks.started', { task: published });
      await raw.call('tasks.completed', { task: published });
      await raw.call('tasks.publish', { task: published });
      await raw.call('tasks.delete', { task: deleted, force: true });

      await client.events.log(published, 'slurm:c1', [info('too late')]);
      await client.events.log(deleted, 'slurm:c1', [info('too late')]);

      expect(await consoleOf(published, 0)).to.deep.equal([]);
    });

    it('shows the lines of a live task even if the same call has lines of a deleted task', async () => {
      const { client, raw } = testBed();
      const [live, published, deleted] = [await raw.createTask(), await raw.createTask(), await raw.createTask()];
      await raw.call('tasks.started', { task: published });
      await raw.call('tasks.completed', { task: published });
      await raw.call('tasks.publish', { task: published });
      await raw.call('tasks.delete', { task: deleted, force: true });

      await Promise.all(
        [deleted, live, published, live].map((task, n) => client.events.log(task, 'slurm:c1', [info(`line ${n}`)])),
      );

      expect((await consoleOf(live, 2)).map(({ msg }) => msg)).to.deep.equal(['line 1', 'line 3']);
      expect(await consoleOf(published, 0)).to.deep.equal([]);
    });

    it('returns the last 5 lines, or the lines after a given time, oldest first', async () => {
      const { client, raw } = testBed();
      const task = await raw.createTask();
      const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`);
      await client.events.log(task, 'slurm:c1', lines.map(info));
      await consoleOf(task, 30);

      const all = await client.events.read(task, { after: 0 });
      const end = await client.events.read(task, { last: 5 });
      const later = await client.events.read(task, { after: all[19]?.at ?? 0 });

      expect(all.map(({ text }) => text)).to.deep.equal(lines);
      expect(all[0]).to.include({ worker: 'slurm:c1' });
      expect(end).to.deep.equal(all.slice(25));
      expect(later).to.deep.equal(all.slice(20));
    });

    it('returns all 1,100 lines, which exceed one page of the server', async () => {
      const { client, raw } = testBed();
      const task = await raw.createTask();
      const lines = Array.from({ length: 1_100 }, (_, n) => `line ${n}`);
      await client.events.log(task, 'slurm:c1', lines.map(info));
      await consoleOf(task, 1_000);

      const all = await waitUntil('all lines', async () => {
        const read = await client.events.read(task, { after: 0 });
        return read.length >= lines.length && read;
      });

      expect(all.map(({ text }) => text)).to.deep.equal(lines);
    });
  });
}
