// Tests that the history counts each ended attempt once, whatever happens to the daemon and its disk, and stays small.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile, appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect } from 'chai';
import { formatAttempt, type EndedAttempt } from '../../src/history/ended-attempt.ts';
import { historyDir, monthsBefore } from '../../src/history/history-file-names.ts';
import { readHistory } from '../../src/history/read-history.ts';
import { openHistory, tidyHistory, type History, type HistoryOptions } from '../../src/history/write-history.ts';
import { rejection } from '../support/rejection.ts';
import { silentLog } from '../support/silent-log.ts';
import { ATTEMPT, ENDED_AT } from './attempts.ts';

const DAY_MS = 24 * 3_600_000;

describe('the history of ended attempts', () => {
  let stateDir: string;
  let folder: string;

  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'history-'));
    folder = historyDir(stateDir);
  });

  afterEach(() => rm(stateDir, { recursive: true, force: true }));

  const open = (options: Partial<HistoryOptions> = {}): Promise<History> =>
    openHistory({ stateDir, log: silentLog, now: ENDED_AT, hasAccounting: true, ...options });

  async function readAll(since?: number): Promise<EndedAttempt[]> {
    const attempts: EndedAttempt[] = [];
    for await (const attempt of readHistory(stateDir, since === undefined ? {} : { since })) attempts.push(attempt);
    return attempts;
  }

  async function write(...attempts: readonly EndedAttempt[]): Promise<void> {
    const history = await open();
    for (const attempt of attempts) await history.record(attempt);
    await history.close();
  }

  it('is empty before the first record', async () => {
    expect(await readAll()).to.deep.equal([]);
  });

  it('returns one record for each attempt, with the latest figures', async () => {
    const early: EndedAttempt = { ...ATTEMPT, elapsedSec: undefined, cause: 'failed' };
    await write(early, { ...ATTEMPT, job: '2' }, ATTEMPT);

    expect(await readAll()).to.deep.equal([ATTEMPT, { ...ATTEMPT, job: '2' }]);
  });

  it('writes one line for an attempt that is recorded three times', async () => {
    const history = await open();
    for (const later of [0, 5_000, 10_000]) await history.record({ ...ATTEMPT, recordedAt: ENDED_AT + later });
    await history.close();

    expect(await readFile(join(folder, '2026-11.jsonl'), 'utf8')).to.equal(`${formatAttempt(ATTEMPT)}\n`);
  });

  it('is readable only by its owner', async () => {
    await write(ATTEMPT);
    expect((await stat(folder)).mode & 0o777).to.equal(0o700);
    expect((await stat(join(folder, '2026-11.jsonl'))).mode & 0o777).to.equal(0o600);
  });

  it('returns no records from before the requested time', async () => {
    await write({ ...ATTEMPT, recordedAt: ENDED_AT - DAY_MS }, { ...ATTEMPT, job: '2' });
    expect((await readAll(ENDED_AT - 1_000)).map(({ job }) => job)).to.deep.equal(['2']);
  });

  it('skips damaged lines and reports their number', async () => {
    await write(ATTEMPT);
    await appendFile(join(folder, '2026-11.jsonl'), 'x\n{"v":2}\n{"v":1,"t":"be');
    const unreadable: (readonly [string, number])[] = [];
    const jobs: unknown[] = [];
    const onUnreadable = (path: string, lines: number): void => void unreadable.push([path, lines]);
    for await (const { job } of readHistory(stateDir, { onUnreadable })) jobs.push(job);

    expect(jobs).to.deep.equal(['4711']);
    expect(unreadable).to.deep.equal([[join(folder, '2026-11.jsonl'), 2]]);
  });

  it('stores a new record intact after a crash has left an incomplete line', async () => {
    await mkdir(folder);
    await writeFile(join(folder, '2026-11.jsonl'), '{"v":1,"t":"be');
    await write(ATTEMPT);
    expect(await readAll()).to.deep.equal([ATTEMPT]);
  });

  it('does not recreate a state directory that was deleted (D-17)', async () => {
    const history = await open();
    await history.record(ATTEMPT);
    await rm(stateDir, { recursive: true });

    await history.record({ ...ATTEMPT, job: '2' });
    await history.close();

    expect(existsSync(stateDir)).to.equal(false);
  });

  it('keeps records in memory while its directory is not writable (D-15)', async () => {
    const warnings: string[] = [];
    const note = (message: string): void => void warnings.push(message);
    await writeFile(folder, 'not a directory');
    const history = await open({ log: { warn: note, info: note } });
    warnings.length = 0;
    await history.record(ATTEMPT);
    await history.record({ ...ATTEMPT, job: '2' });
    expect(warnings).to.deep.equal(['The history cannot be written; keeping its records in memory']);

    await rm(folder);
    await history.record({ ...ATTEMPT, job: '3' });
    await history.close();
    expect((await readAll()).map(({ job }) => job)).to.deep.equal(['4711', '2', '3']);
    expect(warnings.at(-1)).to.equal('The history is writable again');
  });

  it('knows after a restart which attempts of the last day lack accounting figures', async () => {
    const open1 = { ...ATTEMPT, cpuSec: undefined };
    await write({ ...open1, recordedAt: ENDED_AT - 2 * DAY_MS, job: '1' }, { ...open1, job: '2' }, ATTEMPT);
    const history = await open();
    expect([...history.unaccounted.values()].map(({ job }) => job)).to.deep.equal(['2']);

    await history.record({ ...ATTEMPT, job: '2' });
    expect(history.unaccounted.size).to.equal(0);
    await history.close();
  });

  it('uses a separate file for the attempts of the subcommand execute', async () => {
    await write(ATTEMPT);
    const history = await open({ writer: ATTEMPT.task });
    await history.record({ ...ATTEMPT, job: '2' });
    await history.close();

    expect(await readdir(folder)).to.have.members(['2026-11.jsonl', `2026-11.${ATTEMPT.task}.jsonl`]);
    expect(await readAll()).to.have.length(2);
  });

  describe('(past months)', () => {
    const FEBRUARY = Date.UTC(2027, 1, 10);

    it('is compressed to one line for each attempt', async () => {
      await write({ ...ATTEMPT, elapsedSec: undefined }, ATTEMPT);
      await tidyHistory(folder, FEBRUARY);

      expect(await readdir(folder)).to.deep.equal(['2026-11.jsonl.gz']);
      expect(await readAll()).to.deep.equal([ATTEMPT]);
    });

    it('stays uncompressed while accounting figures may still arrive', async () => {
      await write(ATTEMPT);
      await tidyHistory(folder, Date.UTC(2026, 11, 2));
      expect(await readdir(folder)).to.deep.equal(['2026-11.jsonl']);
    });

    it('returns each attempt once even if the daemon was killed during the compression (D-16)', async () => {
      await write(ATTEMPT);
      const text = await readFile(join(folder, '2026-11.jsonl'));
      await tidyHistory(folder, FEBRUARY);
      await writeFile(join(folder, '2026-11.jsonl'), text);
      await appendFile(join(folder, '2026-11.jsonl'), `${formatAttempt({ ...ATTEMPT, job: '2' })}\n`);
      expect(await readAll()).to.have.length(2);

      await tidyHistory(folder, FEBRUARY);
      expect(await readdir(folder)).to.deep.equal(['2026-11.jsonl.gz']);
      expect(await readAll()).to.have.length(2);
    });

    it('keeps one copy of each line that a newer version of the daemon wrote', async () => {
      await write(ATTEMPT);
      const path = join(folder, '2026-11.jsonl');
      await appendFile(path, '{"v":2,"t":"a"}\n');
      const text = await readFile(path);
      await tidyHistory(folder, FEBRUARY);
      await writeFile(path, text);
      await tidyHistory(folder, FEBRUARY);

      const kept = gunzipSync(await readFile(`${path}.gz`)).toString('utf8');
      expect(kept).to.equal(`${formatAttempt(ATTEMPT)}\n{"v":2,"t":"a"}\n`);
    });

    it('reports damaged files, and returns the records of the other months', async () => {
      await write({ ...ATTEMPT, job: '1', recordedAt: Date.UTC(2026, 8, 10) });
      await write({ ...ATTEMPT, job: '2', recordedAt: Date.UTC(2026, 9, 10) }, ATTEMPT);
      await tidyHistory(folder, FEBRUARY);
      const [torn, noArchive] = ['2026-09', '2026-10'].map((month) => join(folder, `${month}.jsonl.gz`)) as [
        string,
        string,
      ];
      await truncate(torn, (await stat(torn)).size - 20);
      await writeFile(noArchive, 'no archive');
      const damaged: string[] = [];
      const jobs: unknown[] = [];
      const onDamaged = ({ message }: Error): void => void damaged.push(message);
      for await (const { job } of readHistory(stateDir, { onDamaged })) jobs.push(job);

      expect(jobs).to.deep.equal([ATTEMPT.job]);
      expect(damaged).to.deep.equal([
        `${torn} is damaged: unexpected end of file`,
        `${noArchive} is damaged: incorrect header check`,
      ]);
    });

    it('is compressed even if the file of an earlier month is damaged', async () => {
      await write({ ...ATTEMPT, job: '1', recordedAt: Date.UTC(2026, 8, 10) }, ATTEMPT);
      await writeFile(join(folder, '2026-09.jsonl.gz'), 'no archive');

      expect(String(await rejection(tidyHistory(folder, FEBRUARY)))).to.contain('2026-09.jsonl.gz is damaged');
      expect(await readdir(folder)).to.have.members(['2026-09.jsonl', '2026-09.jsonl.gz', '2026-11.jsonl.gz']);
    });

    it('is deleted when the month ended more than a year ago', async () => {
      await write(ATTEMPT);
      await tidyHistory(folder, Date.UTC(2027, 10, 30));
      expect(await readAll()).to.have.length(1);
      await tidyHistory(folder, Date.UTC(2027, 11, 3));
      expect(await readdir(folder)).to.deep.equal([]);
    });

    it('counts in calendar months: one month before March 31 is February', () => {
      expect(monthsBefore(Date.UTC(2027, 2, 31), 1)).to.equal('2027-02');
      expect(monthsBefore(Date.UTC(2027, 0, 31), 12)).to.equal('2026-01');
    });
  });
});
