// Checks that second-tier tests expect texts that the program still prints: a reworded message fails here, in the first tier.
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lanesOf } from '../runner/lanes.mjs';
import { createSearch, readTexts, wordRuns, type Text } from './quoted-texts.ts';

function filesIn(folder: string, names: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => names.test(name))
    .map((name) => join(folder, name));
}

/** Tests of the second tier, and what they share in test/e2e. */
function secondTierFiles(): string[] {
  return filesIn('test', /\.ts$/).filter(
    (file) =>
      file.startsWith('test/e2e/') ||
      (file.endsWith('.test.ts') && lanesOf(file).some(({ tier }) => tier === 'second')),
  );
}

/** Texts that are in no literal of the program, with the one that prints them. */
const PRINTED_BY_OTHERS: Readonly<Record<string, string>> = {
  'New session created': 'clearml-session',
  'Process aborted by user': 'clearml-agent',
  'Process terminated by user': 'clearml-agent',
  'Remote session shutdown': 'clearml-session',
  'invalid partition specified': 'sbatch',
  'Memory specification can not be satisfied': 'sbatch',
  'in the first try': 'the reporter of test/runner',
  'of bash rank': 'the task of the test, with several arguments of print()',
  'flavour job image': 'the task of the test, with several arguments of print()',
  'status queued queued': 'the program of the test, with several arguments of print()',
};

function textsOfProgram(): Text[] {
  const code = filesIn('src', /\.ts$/).flatMap((file) => {
    const { expected, others } = readTexts(file);
    return [...expected, ...others];
  });
  const files = [
    ...filesIn('templates', /\.(?:mustache|txt)$/),
    ...filesIn('examples', /\.(?:ts|mjs|py|template|yml)$/),
  ];
  return [...code, ...files.map((file) => [readFileSync(file, 'utf8')])];
}

describe('the search for a quoted message in src', () => {
  const search = createSearch([
    ['Ignoring a job that is named like a task'],
    ['Job list ', null, ' for "', null, '" now'],
  ]);

  it('finds a message with values in place of placeholders', () => {
    expect(search('job that is named')).to.equal(true);
    expect(search('Job list unavailable')).to.equal(true);
    expect(search('Job list unavailable for gpu now')).to.equal(true);
  });

  it('does not find a message if the words in src differ', () => {
    expect(search('Ignoring a job that has the name of a task')).to.equal(false);
    expect(search('Job listing unavailable')).to.equal(false);
  });

  it('ignores the parts of a message that have only one or two words', () => {
    expect(wordRuns(['sudo refused /usr/bin/sbatch as a mapped user: it waits']).join('|')).to.equal(
      'as a mapped user',
    );
  });
});

describe('the slow tests (second tier)', () => {
  it('quote only messages from src, an example, a test program or the table PRINTED_BY_OTHERS', () => {
    const files = secondTierFiles().map((file) => ({ file, ...readTexts(file) }));
    const search = createSearch([...textsOfProgram(), ...files.flatMap(({ others }) => others)]);
    const runs = files.flatMap(({ file, expected }) => expected.flatMap(wordRuns).map((run) => ({ file, run })));

    const unknown = runs.filter(({ run }) => PRINTED_BY_OTHERS[run] === undefined && !search(run));

    expect(unknown.map(({ file, run }) => `${file} expects "${run}", which no source prints`)).to.deep.equal([]);
    expect(runs).to.have.length.above(100);
  });

  it('quote each message in the table PRINTED_BY_OTHERS', () => {
    const runs = secondTierFiles().flatMap((file) => readTexts(file).expected.flatMap(wordRuns));

    expect(Object.keys(PRINTED_BY_OTHERS).filter((text) => !runs.includes(text))).to.deep.equal([]);
  });
});
