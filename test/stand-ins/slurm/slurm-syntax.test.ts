// How the stand-in parses command lines: options, directives, durations, lists of nodes.
import { expect } from 'chai';
import { readDirectives } from './directives.ts';
import { formatDuration, readDuration } from './durations.ts';
import { formatNodes } from './node-list.ts';
import { readCommandLine } from './options.ts';
import { fillOutputPath } from './output-path.ts';

function listed(options: Readonly<Record<string, string>>): string {
  const words = Object.entries(options).map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  return words.length === 0 ? 'no options' : `the options [${words.join(', ')}]`;
}

describe('readCommandLine (the options of sbatch)', () => {
  const TABLE = [
    { long: 'nodes', short: 'N', value: 'required' },
    { long: 'hold', short: 'H' },
    { long: 'quiet', short: 'Q' },
    { long: 'nice', value: 'optional' },
  ] as const;

  for (const [args, options, rest] of [
    [['--nodes=2'], { nodes: '2' }, []],
    [['--nodes', '2'], { nodes: '2' }, []],
    [['-N2'], { nodes: '2' }, []],
    [['-N', '2'], { nodes: '2' }, []],
    [['-HQ', '--nice'], { hold: '', quiet: '', nice: '' }, []],
    [['--nice=5'], { nice: '5' }, []],
    [['--nodes=a=b'], { nodes: 'a=b' }, []],
    [['--nodes=1', '--nodes=2'], { nodes: '2' }, []],
    [['word', '-H'], { hold: '' }, ['word']],
    [['--', '-H'], {}, ['-H']],
  ] as const) {
    it(`reads "${args.join(' ')}" as ${listed(options)}${rest.length === 0 ? '' : ` and the arguments [${rest.join(', ')}]`}`, () => {
      const line = readCommandLine('sbatch', args, TABLE);

      expect(Object.fromEntries(line.options)).to.deep.equal(options);
      expect(line.rest).to.deep.equal(rest);
    });
  }

  it('reads no options from the arguments after the script name', () => {
    expect(readCommandLine('sbatch', ['-H', 'script', '--nodes=2'], TABLE, true).rest).to.deep.equal([
      'script',
      '--nodes=2',
    ]);
  });

  it("rejects unknown options with Slurm's error message", () => {
    expect(() => readCommandLine('sbatch', ['--bogus=1'], TABLE)).to.throw("sbatch: unrecognized option '--bogus'");
    expect(() => readCommandLine('sbatch', ['-z'], TABLE)).to.throw("sbatch: invalid option -- 'z'");
    expect(() => readCommandLine('sbatch', ['--nodes'], TABLE)).to.throw("option '--nodes' requires an argument");
  });
});

describe('readDirectives (the #SBATCH lines of a script)', () => {
  // Each of them seen on real Slurm 22.05.8.
  for (const [line, words] of [
    ['#SBATCH -N 2 --time=5', ['-N', '2', '--time=5']],
    ['#SBATCH--hold', ['--hold']],
    ['#SBATCH --comment="two words"', ['--comment=two words']],
    ['#SBATCH --comment=a"b c"d', ['--comment=ab cd']],
    ["#SBATCH --comment='it is \\'quoted\\''", ["--comment=it is 'quoted'"]],
    ['#SBATCH --comment="a \\"b\\" \\\\ c"', ['--comment=a "b" \\ c']],
    ['#SBATCH --comment=a#b --hold', ['--comment=a']],
    ['#SBATCH --comment="a#b" # a remark', ['--comment=a#b']],
    ['#SBATCH --comment=""', ['--comment=']],
    [' #SBATCH --hold', []],
    ['# SBATCH --hold', []],
    ['##SBATCH --hold', []],
    ['echo\n#SBATCH --hold', []],
    ['\n# remark\n#SBATCH --hold', ['--hold']],
  ] as const) {
    it(`${words.length === 0 ? 'finds no directive in' : `reads [${words.join(', ')}] from`} ${JSON.stringify(line)}`, () => {
      expect(readDirectives(`#!/bin/bash\n${line}\n`)).to.deep.equal(words);
    });
  }

  it('rejects an unclosed quote', () => {
    expect(() => readDirectives('#!/bin/bash\n#SBATCH --hold -p "x\n')).to.throw(
      'sbatch: fatal: stdin: line 2: Unmatched `"` in [ "x]',
    );
  });
});

describe('the stand-in for Slurm', () => {
  for (const [text, seconds, shown] of [
    ['5', 300, '00:05:00'],
    ['5:30', 330, '00:05:30'],
    ['1:00:05', 3605, '01:00:05'],
    ['2-3', 183_600, '2-03:00:00'],
    ['2-3:04', 183_840, '2-03:04:00'],
    ['2-3:04:05', 183_845, '2-03:04:05'],
  ] as const) {
    it(`reads the duration "${text}" and prints "${shown}"`, () => {
      expect(readDuration(text)).to.equal(seconds * 1000);
      expect(formatDuration(seconds * 1000)).to.equal(shown);
    });
  }

  it('reads "UNLIMITED" as an unlimited duration, and rejects other text', () => {
    expect(readDuration('UNLIMITED')).to.equal(null);
    expect(formatDuration(null)).to.equal('UNLIMITED');
    for (const text of ['', 'soon', '1:2:3:4', '1-', '-5']) expect(readDuration(text), text).to.equal(undefined);
  });
});

describe('formatNodes (a node list)', () => {
  for (const [nodes, shown] of [
    [[], ''],
    [['n3'], 'n3'],
    [['n1', 'n2'], 'n[1-2]'],
    [['n4', 'n2', 'n1'], 'n[1-2,4]'],
  ] as const) {
    it(`writes the nodes [${nodes.join(', ')}] as "${shown}"`, () => {
      expect(formatNodes(nodes)).to.equal(shown);
    });
  }
});

it('fillOutputPath replaces %x, %j, %u, %A and %% in an output path', () => {
  const values = { id: 7, name: 'job', user: 'ann', workDir: '/home/ann' };

  expect(fillOutputPath('logs/%x-%j-%4j-%u-%%.out', values)).to.equal('/home/ann/logs/job-7-0007-ann-%.out');
  expect(fillOutputPath('/scratch/%A', values)).to.equal('/scratch/7');
});
