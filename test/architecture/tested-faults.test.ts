// Checks that docs/proof/tested-faults.md, docs/failures.md and the tests agree: each row has tests with its number, each number has a row.
import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

interface Fault {
  readonly id: string;
  readonly files: readonly string[];
}

/** The first cell of each row, and the test files of its last cell. */
function readFaults(page: string): Fault[] {
  return readFileSync(page, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
      const [id = '', tests = ''] = [cells[1], cells.at(-2)];
      if (!/^[A-Z]-\d\d$/.test(id)) return [];
      return [{ id, files: [...tests.matchAll(/`([^`]+)`/g)].map(([, file = '']) => join('test', file)) }];
    });
}

/** The numbers in a title: one or several, separated by commas, in parentheses. */
const NUMBERED = /\(([A-Z]-\d\d(?:, [A-Z]-\d\d)*)\)/g;

function numbersIn(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(NUMBERED)].flatMap(([, numbers = '']) => numbers.split(', '));
}

describe('docs/proof/tested-faults.md', () => {
  const faults = readFaults('docs/proof/tested-faults.md');

  it('contains each fault number, such as S-23, only once', () => {
    const ids = faults.map(({ id }) => id);

    expect(ids).to.have.length.above(80);
    expect(ids).to.deep.equal([...new Set(ids)]);
  });

  it('has the same faults F-01, F-02 and so on as docs/failures.md', () => {
    const described = readFaults('docs/failures.md').map(({ id }) => id);

    expect(described).to.deep.equal(faults.map(({ id }) => id).filter((id) => id.startsWith('F-')));
  });

  it('names only test files that contain the number of the fault', () => {
    const untested = faults.filter(
      ({ id, files }) => files.length === 0 || files.some((file) => !numbersIn(file).includes(id)),
    );

    expect(untested).to.deep.equal([]);
  });

  it('names every test file that has a fault number in a title', () => {
    const tests = readdirSync('test', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join('test', file));
    const rows = new Set(faults.flatMap(({ id, files }) => files.map((file) => `${id} in ${file}`)));
    const unlisted = tests
      .flatMap((file) => numbersIn(file).map((id) => `${id} in ${file}`))
      .filter((use) => !rows.has(use));

    expect(unlisted).to.deep.equal([]);
  });
});
