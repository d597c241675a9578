// The journal: what was written is there after any end of the process, and nothing is guessed from what can't be read.
import { expect } from 'chai';
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Entry } from '../../src/glue/entry.ts';
import { formatJournal, readJournal } from '../../src/glue/journal-lines.ts';
import { JournalUnusable, openJournal } from '../../src/glue/journal.ts';
import { rejection } from '../support/rejection.ts';
import { entryOf, NOW } from './sightings.ts';

describe('the journal', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'));
    file = join(folder, 'journal.jsonl');
  });

  afterEach(() => rm(folder, { recursive: true }));

  function taskNumber(index: number): Entry {
    return entryOf({ task: index.toString(16).padStart(32, '0') as TaskId });
  }

  it('remembers what was written, and forgets what was forgotten', async () => {
    const journal = await openJournal(folder, NOW);
    await Promise.all([journal.write(taskNumber(1)), journal.write(taskNumber(2))]);
    await journal.write({ ...taskNumber(1), step: 'submitting' });
    await journal.forget(taskNumber(2).task);
    await journal.close();

    const again = await openJournal(folder, NOW);
    expect([...again.entries.values()]).to.deep.equal([{ ...taskNumber(1), step: 'submitting' }]);
    await again.close();
  });

  it('is only for the eyes of its user', async () => {
    const journal = await openJournal(folder, NOW);
    await journal.write(taskNumber(1));
    await journal.close();

    const { mode } = await (await import('node:fs/promises')).stat(file);
    expect(mode & 0o777).to.equal(0o600);
  });

  it('leaves out a last line that a crash has torn', async () => {
    await writeFile(
      file,
      formatJournal({ entry: taskNumber(1) }) + formatJournal({ entry: taskNumber(2) }).slice(0, 40),
    );

    const journal = await openJournal(folder, NOW);

    expect([...journal.entries.keys()]).to.deep.equal([taskNumber(1).task]);
    await journal.close();
  });

  it('D-03 wherever a file is cut, what its whole lines say is what is known', () => {
    const lines = [taskNumber(1), taskNumber(2), { ...taskNumber(1), attempts: 2 }].map((entry) =>
      formatJournal({ entry }),
    );
    const text = lines.join('');
    fc.assert(
      fc.property(fc.nat(text.length), (length) => {
        const whole = lines.filter((_line, index) => lines.slice(0, index + 1).join('').length <= length);
        expect(readJournal(text.slice(0, length))).to.deep.equal(readJournal(whole.join('')));
      }),
    );
  });

  for (const [what, text, read] of [
    ['an empty line is nothing', '\n', { kind: 'read', entries: new Map() }],
    ['a newer version', '{"v":7}\n', { kind: 'newer', version: 7 }],
    ['damage, and where', '{"v":1}\n\nnot json\n', { kind: 'damaged', line: 3 }],
  ] as const) {
    it(`reads ${what}`, () => {
      expect(readJournal(text)).to.deep.equal(read);
    });
  }

  it('D-04 sets a damaged file aside, says so, and begins anew', async () => {
    await writeFile(
      file,
      `${formatJournal({ entry: taskNumber(1) })}not json\n${formatJournal({ entry: taskNumber(2) })}`,
    );

    const journal = await openJournal(folder, NOW);

    expect(journal.entries.size).to.equal(0);
    expect(journal.setAside).to.be.a('string');
    expect(await readFile(journal.setAside ?? '', 'utf8')).to.include('not json');
    await journal.close();
  });

  it('D-05 refuses a file of a newer version, and leaves it as it is', async () => {
    await writeFile(file, '{"v":2,"entry":{}}\n');

    const error = await rejection(openJournal(folder, NOW));

    expect(error).to.be.instanceOf(JournalUnusable);
    expect(error.message).to.equal(
      `${file} was written by a newer clearml-agent-slurm (journal version 2). Use that version, or move the file away: jobs and tasks are found again without it.`,
    );
    expect(await readFile(file, 'utf8')).to.equal('{"v":2,"entry":{}}\n');
  });

  it('D-04 sets a file of an older version aside like a damaged one', async () => {
    await writeFile(file, `{"v":0,"task":"${taskNumber(1).task}"}\n`);

    const journal = await openJournal(folder, NOW);

    expect([journal.entries.size, journal.setAside]).to.deep.equal([0, `${file}.damaged-${NOW}`]);
    await journal.close();
  });

  it('does not set a file aside of which only a later line is of a newer version', async () => {
    await writeFile(file, `${formatJournal({ entry: taskNumber(1) })}{"v":2}\n`);

    expect(await rejection(openJournal(folder, NOW))).to.be.instanceOf(JournalUnusable);
  });

  for (const [what, place] of [
    ['a folder in which nobody can make a file', '/proc/self'],
    ['what is no folder', '/dev/full'],
  ] as const) {
    it(`D-06 refuses ${what} with a sentence, and says where to go`, async () => {
      const error = await rejection(openJournal(place, NOW));

      expect(error).to.be.instanceOf(JournalUnusable);
      expect(String(error)).to.match(/^JournalUnusable: The journal .* can't be used: .*agent\.slurm\.state_dir/);
    });
  }

  it('refuses a folder that it can not write to', async () => {
    await writeFile(file, '');

    const error = await rejection(openJournal(join(file, 'below a file'), NOW));

    expect(error).to.be.instanceOf(JournalUnusable);
    expect(String(error)).to.include('agent.slurm.state_dir');
  });

  it('D-07 stays small over many tasks', async () => {
    const journal = await openJournal(folder, NOW);
    for (let index = 0; index < 3000; index += 50) {
      const tasks = Array.from({ length: 50 }, (_, offset) => taskNumber(index + offset));
      await Promise.all(tasks.map((entry) => journal.write(entry)));
      await Promise.all(tasks.map((entry) => journal.forget(entry.task)));
    }
    await journal.close();

    const lines = (await readFile(file, 'utf8')).split('\n').length;
    expect(lines).to.be.below(2_200);
  });

  it('goes on after lines were appended behind its back by a torn write', async () => {
    const journal = await openJournal(folder, NOW);
    await journal.write(taskNumber(1));
    await journal.close();
    await appendFile(file, '{"v":1,"entry":{"task"');

    const again = await openJournal(folder, NOW);
    await again.write(taskNumber(2));
    await again.close();

    const last = await openJournal(folder, NOW);
    expect(last.entries.size).to.equal(2);
    await last.close();
  });

  it('D-06 knows exactly what it could write when the disk is full, and goes on when there is room again', async () => {
    const full = 'ulimit -f 8; exec "$0" --import tsx test/glue/writes-until-full.ts "$1"';
    const { stdout } = await promisify(execFile)('bash', ['-c', full, process.execPath, folder]);
    const kept = Number(stdout);
    expect(kept).to.be.above(5);

    const again = await openJournal(folder, NOW);
    expect(again.setAside).to.equal(undefined);
    expect(again.entries.size).to.equal(kept);
    await again.write(taskNumber(9_999));
    await again.close();
    const last = await openJournal(folder, NOW);
    expect(last.entries.size).to.equal(kept + 1);
    await last.close();
  });

  it('holds thousands of tasks, and is as quick with the last of them as with the first', async () => {
    const journal = await openJournal(folder, NOW);
    const many = Array.from({ length: 5_000 }, (_, index) => taskNumber(index));
    await Promise.all(many.map((entry) => journal.write(entry)));
    const began = performance.now();
    await Promise.all(many.map((entry) => journal.write({ ...entry, attempts: 2 })));
    await journal.close();

    expect(performance.now() - began).to.be.below(2_000);
    const again = await openJournal(folder, NOW);
    expect(again.entries.size).to.equal(5_000);
    await again.close();
  });
});
