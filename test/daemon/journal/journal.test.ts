// Tests that the journal keeps what was written after any crash, and guesses nothing from unreadable lines.
import { expect } from 'chai';
import fc from 'fast-check';
import { appendFile, mkdir, mkdtemp, readFile, readlink, rm, rmdir, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { formatJournal, needsCompaction, parseJournal } from '../../../src/daemon/journal/journal-lines.ts';
import { JournalError, openJournal } from '../../../src/daemon/journal/journal.ts';
import { rejection } from '../../support/rejection.ts';
import { entryOf, NOW } from '../decide/observations.ts';
import { processorMs } from '../../support/processor-time.ts';

function taskNumber(index: number): Entry {
  return entryOf({ task: index.toString(16).padStart(32, '0') as TaskId });
}

describe('the journal', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'journal-'));
    file = join(folder, 'journal.jsonl');
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('keeps its entries across a restart, except the entries of forgotten tasks', async () => {
    const journal = await openJournal(folder, NOW);
    await Promise.all([journal.write(taskNumber(1)), journal.write(taskNumber(2))]);
    await journal.write({ ...taskNumber(1), step: 'submitting' });
    await journal.forget(taskNumber(2).task);
    await journal.close();

    const again = await openJournal(folder, NOW);
    expect([...again.entries.values()]).to.deep.equal([{ ...taskNumber(1), step: 'submitting' }]);
    await again.close();
  });

  it('contains every entry and field of a file that version 0.1.0 wrote', async () => {
    const text = await readFile(new URL('../../fixtures/journal/0.1.0.jsonl', import.meta.url), 'utf8');
    await writeFile(file, text, { mode: 0o600 });

    const journal = await openJournal(folder, NOW);

    const lines = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { entry?: Entry; forget?: TaskId });
    const written = new Map(lines.flatMap(({ entry }) => (entry === undefined ? [] : [[entry.task, entry]])));
    for (const { forget } of lines) if (forget !== undefined) written.delete(forget);
    expect(written.size).to.equal(6);
    expect(journal.entries).to.deep.equal(written);
    await journal.close();
  });

  it('has file mode 0600', async () => {
    const journal = await openJournal(folder, NOW);
    await journal.write(taskNumber(1));
    await journal.close();

    const { mode } = await stat(file);
    expect(mode & 0o777).to.equal(0o600);
  });

  it('ignores an incomplete last line after a crash', async () => {
    await writeFile(
      file,
      formatJournal({ entry: taskNumber(1) }) + formatJournal({ entry: taskNumber(2) }).slice(0, 40),
    );

    const journal = await openJournal(folder, NOW);

    expect([...journal.entries.keys()]).to.deep.equal([taskNumber(1).task]);
    await journal.close();
  });

  it('contains exactly the entries of its complete lines if the file is truncated anywhere (D-03)', () => {
    const lines = [taskNumber(1), taskNumber(2), { ...taskNumber(1), attempts: 2 }].map((entry) =>
      formatJournal({ entry }),
    );
    const text = lines.join('');
    fc.assert(
      fc.property(fc.nat(text.length), (length) => {
        const whole = lines.filter((_line, index) => lines.slice(0, index + 1).join('').length <= length);
        expect(parseJournal(text.slice(0, length))).to.deep.equal(parseJournal(whole.join('')));
      }),
    );
  });

  for (const [title, text, read] of [
    ['ignores an empty line', '\n', { kind: 'read', entries: new Map() }],
    ['reports a line of version 7 as newer, not as damaged', '{"v":7}\n', { kind: 'newer', version: 7 }],
    [
      'reports line 3 as damaged if this line is not JSON',
      '{"v":1,"forget":"1"}\n\nnot json\n',
      { kind: 'damaged', line: 3 },
    ],
    ['reports a line without an entry as damaged', '{"v":1}\n', { kind: 'damaged', line: 1 }],
    ['reports the line "null" as damaged', 'null\n', { kind: 'damaged', line: 1 }],
    ['reports a line without a version as damaged', '{"forget":"1"}\n', { kind: 'damaged', line: 1 }],
    [
      'reports a line with an incomplete entry as damaged',
      '\n{"v":1,"entry":{"task":"1"}}\n',
      { kind: 'damaged', line: 2 },
    ],
    [
      'contains no entry of a task after the "forget" line of the task',
      '{"v":1,"entry":{"task":"1"}}\n{"v":1,"forget":"1"}\n',
      { kind: 'read', entries: new Map() },
    ],
  ] as const) {
    it(title, () => {
      expect(parseJournal(text)).to.deep.equal(read);
    });
  }

  it('renames a damaged file, and starts an empty file (D-04)', async () => {
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

  it('rejects a file of a newer version, and leaves the file unchanged (D-05)', async () => {
    await writeFile(file, '{"v":3,"entry":{}}\n');

    const error = await rejection(openJournal(folder, NOW));

    expect(error).to.be.instanceOf(JournalError);
    expect(error.message).to.equal(
      `${file} was written by a newer clearml-agent-slurm (journal version 3). Use that version, or move the file away: the daemon finds jobs and tasks again without the file.`,
    );
    expect(await readFile(file, 'utf8')).to.equal('{"v":3,"entry":{}}\n');
  });

  it('renames a file of an older version to journal.jsonl.damaged-TIME (D-04)', async () => {
    await writeFile(file, `{"v":0,"task":"${taskNumber(1).task}"}\n`);

    const journal = await openJournal(folder, NOW);

    expect([journal.entries.size, journal.setAside]).to.deep.equal([0, `${file}.damaged-${NOW}`]);
    await journal.close();
  });

  it('rejects a file in which only the last line has a newer version', async () => {
    await writeFile(file, `${formatJournal({ entry: taskNumber(1) })}{"v":3}\n`);

    expect(await rejection(openJournal(folder, NOW))).to.be.instanceOf(JournalError);
  });

  for (const [what, place] of [
    ['a directory in which no file can be created', '/proc/self'],
    ['a path that is not a directory', '/dev/full'],
  ] as const) {
    it(`rejects ${what}, and names the setting agent.slurm.state_dir (D-06)`, async () => {
      const error = await rejection(openJournal(place, NOW));

      expect(error).to.be.instanceOf(JournalError);
      expect(String(error)).to.match(/^JournalError: The journal .* cannot be used: .*agent\.slurm\.state_dir/);
      expect(error.cause).to.have.property('code');
    });
  }

  it('rejects an unreadable file, and leaves the file unchanged', async () => {
    await symlink(file, file);

    expect(await rejection(openJournal(folder, NOW))).to.be.instanceOf(JournalError);
    expect(await readlink(file)).to.equal(file);
  });

  it('writes pending lines when closed, and rejects later writes', async () => {
    const journal = await openJournal(folder, NOW);
    const pending = journal.write(taskNumber(1));
    await journal.close();
    await rejection(journal.write(taskNumber(2)));
    await pending;

    const again = await openJournal(folder, NOW);
    expect([...again.entries.keys()]).to.deep.equal([taskNumber(1).task]);
    await again.close();
  });

  it('rejects a state directory that cannot be created', async () => {
    await writeFile(file, '');

    const error = await rejection(openJournal(join(file, 'below a file'), NOW));

    expect(error).to.be.instanceOf(JournalError);
    expect(String(error)).to.include('agent.slurm.state_dir');
  });

  it('has fewer than 2,200 lines after 3,000 tasks were written and forgotten (D-07)', async () => {
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

  for (const [lines, known, isWorth, why] of [
    [2_000, 0, false, 'because it has few lines'],
    [2_001, 0, true, 'less than a quarter'],
    [2_001, 500, true, 'less than a quarter'],
    [2_004, 501, false, 'a quarter'],
    [40_000, 9_999, true, 'less than a quarter'],
    [40_000, 10_000, false, 'a quarter'],
  ] as const) {
    it(`is ${isWorth ? '' : 'not '}compacted if ${known} of its ${lines} lines are needed, ${why} (D-07)`, () => {
      expect(needsCompaction(lines, known)).to.equal(isWorth);
    });
  }

  it('loses no entry if a compaction fails, and is compacted later (D-07)', async () => {
    const blocked = `${file}.${process.pid}.tmp`;
    const warnings: string[] = [];
    const journal = await openJournal(folder, NOW, { warn: (message) => void warnings.push(message) });
    const writeOften = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 1_500 }, () => journal.write(taskNumber(1))));
    const countLines = async (): Promise<number> => (await readFile(file, 'utf8')).split('\n').length - 1;
    await mkdir(blocked);
    await writeOften();
    await writeOften();
    await rmdir(blocked);
    expect(warnings).to.deep.equal(['Journal compaction failed; the file grows until compaction succeeds']);
    await writeOften();
    expect(await countLines(), 'so many lines must come before it is tried again').to.equal(4_500);
    await writeOften();
    expect(await countLines()).to.be.below(4_500);
    await journal.write(taskNumber(2));
    await journal.close();

    const again = await openJournal(folder, NOW);
    expect(again.entries.size).to.equal(2);
    await again.close();
  });

  it('accepts new entries after an incomplete last line', async () => {
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

  it('writes 5,000 entries in less than two seconds of CPU time', async () => {
    const journal = await openJournal(folder, NOW);
    const many = Array.from({ length: 5_000 }, (_, index) => taskNumber(index));
    await Promise.all(many.map((entry) => journal.write(entry)));
    const tookMs = await processorMs(async () => {
      await Promise.all(many.map((entry) => journal.write({ ...entry, attempts: 2 })));
      await journal.close();
    });

    expect(tookMs).to.be.below(2_000);
    const again = await openJournal(folder, NOW);
    expect(again.entries.size).to.equal(5_000);
    await again.close();
  });
});
