// Holds docs/faults.md and the tests to each other: every row has a test that carries its number, and every number has its row.
import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

interface Fault {
  readonly id: string;
  readonly files: readonly string[];
}

function readFaults(): Fault[] {
  return readFileSync('docs/faults.md', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, id = '', , , tests = ''] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      if (!/^[A-Z]-\d\d$/.test(id)) return [];
      return [{ id, files: [...tests.matchAll(/`([^`]+)`/g)].map(([, file = '']) => join('test', file)) }];
    });
}

/** The numbers at the beginning of a title. */
const NUMBERED = /['"`]((?:[A-Z]-\d\d )+)/g;

function numbersIn(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(NUMBERED)].flatMap(([, numbers = '']) => numbers.trim().split(' '));
}

describe('the page of faults', () => {
  const faults = readFaults();

  it('numbers its rows, each once', () => {
    const ids = faults.map(({ id }) => id);

    expect(ids).to.have.length.above(80);
    expect(ids).to.deep.equal([...new Set(ids)]);
  });

  it('names the tests of each row', () => {
    const untested = faults.filter(
      ({ id, files }) => files.length === 0 || files.some((file) => !numbersIn(file).includes(id)),
    );

    expect(untested).to.deep.equal([]);
  });

  it('has a row for every number in a title, which names the file', () => {
    const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join('test', file));
    const rows = new Set(faults.flatMap(({ id, files }) => files.map((file) => `${id} in ${file}`)));
    const strays = tests
      .flatMap((file) => numbersIn(file).map((id) => `${id} in ${file}`))
      .filter((use) => !rows.has(use));

    expect(strays).to.deep.equal([]);
  });
});
