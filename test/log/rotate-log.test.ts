// Log rotation during writes: the order of lines is kept, and old files are deleted.
import { expect } from 'chai';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rotateLog, writesTo } from '../../src/log/rotate-log.ts';

describe('a log file', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rotate-'));
    file = join(folder, 'daemon.log');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is rotated at its size limit, and at most three old files remain', () => {
    const log = openSync(file, 'a', 0o600);
    for (let line = 1; line <= 100; line += 1) {
      writeSync(log, `line ${line}\n`);
      rotateLog(file, { maxBytes: 100, keep: 3 });
    }
    closeSync(log);

    const names = readdirSync(folder).sort();
    expect(names).to.deep.equal(['daemon.log', 'daemon.log.1', 'daemon.log.2', 'daemon.log.3']);
    const lines = names
      .toReversed()
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
    const numbers = lines
      .trimEnd()
      .split('\n')
      .map((line) => Number(line.slice(5)));
    expect(numbers.at(-1)).to.equal(100);
    expect(numbers).to.deep.equal(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    for (const name of names) expect(statSync(join(folder, name)).mode & 0o777).to.equal(0o600);
  });

  it('is not rotated if the file is short or missing', () => {
    expect(rotateLog(file, { maxBytes: 10, keep: 3 })).to.equal(false);
    writeFileSync(file, 'ten bytes\n');
    expect(rotateLog(file, { maxBytes: 10, keep: 3 })).to.equal(false);
    expect(readdirSync(folder)).to.deep.equal(['daemon.log']);
  });

  it('loses no old file if the rotation fails five times', () => {
    for (let age = 1; age <= 3; age += 1) writeFileSync(`${file}.${age}`, `old ${age}`);
    // A directory cannot be copied, not even by root.
    mkdirSync(file);
    for (let time = 1; time <= 5; time += 1) expect(() => rotateLog(file, { maxBytes: 0, keep: 4 })).to.throw();

    const names = readdirSync(folder).filter((name) => name !== 'daemon.log');
    expect(names.sort()).to.deep.equal(['daemon.log.2', 'daemon.log.3', 'daemon.log.4']);
    expect(names.map((name) => readFileSync(join(folder, name), 'utf8'))).to.deep.equal(['old 1', 'old 2', 'old 3']);
  });

  it('is recognized by its descriptor until the descriptor is closed', () => {
    const log = openSync(file, 'a');
    const other = join(folder, 'other.log');
    appendFileSync(other, '');

    expect([writesTo(log, file), writesTo(log, other), writesTo(log, join(folder, 'none'))]).to.deep.equal([
      true,
      false,
      false,
    ]);
    closeSync(log);
    expect(writesTo(log, file)).to.equal(false);
  });
});
