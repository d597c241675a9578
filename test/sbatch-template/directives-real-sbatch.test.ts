// Gives values in `#SBATCH` lines to the real sbatch: it reads exactly the value, and no other option is set.
import { expect } from 'chai';
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { fuzzSeed } from '../support/fuzz-cases.ts';
import { environmentFor } from '../support/slurm-command.ts';
import { requireSlurm } from '../support/skip-unless.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { noBlocks, property, withDirectives, withProperties } from './template-fixtures.ts';
import { hostileLine } from './hostile-values.ts';

/** Options that accept any text, by their names in the output of `sbatch --verbose`. */
const OPTIONS = [
  'account',
  'comment',
  'constraint',
  'job-name',
  'mail-user',
  'network',
  'partition',
  'qos',
  'reservation',
  'wckey',
];

/** How the placeholder is written into the line; all mean the same. */
const SPELLINGS = [
  (option: string, placeholder: string) => `#SBATCH --${option}=${placeholder}`,
  (option: string, placeholder: string) => `#SBATCH --${option}="${placeholder}" # "it's`,
  (option: string, placeholder: string) => `#SBATCH --${option}='${placeholder}'`,
  (option: string, placeholder: string) => `#SBATCH "--${option}=${placeholder}"`,
  (option: string, placeholder: string) => `#SBATCH --${option}=""${placeholder}''`,
];

/** Scripts of ten values each; CONTRIBUTING.md explains how to run more. */
const SCRIPTS = Math.ceil(Number(process.env['FUZZ_CASES'] ?? 2000) / OPTIONS.length);

const seed = fuzzSeed(13);

describe(`a value in an #SBATCH line (seed ${seed})`, () => {
  before(requireSlurm);

  it('reaches the real sbatch unchanged and sets no other option', async () => {
    // sbatch truncates long values in its log, and logs an empty value like a missing one.
    const values = hostileLine().filter((value) => value !== '' && Buffer.byteLength(value) < 500);
    const lines = fc.tuple(...OPTIONS.map(() => fc.tuple(values, fc.constantFrom(...SPELLINGS))));
    const cluster = await sharedCluster();
    for (const cases of fc.sample(lines, { numRuns: SCRIPTS, seed })) {
      const script = renderDirectives(cases);

      const understood = await askSbatch(cluster.env, script);

      for (const [index, [value]] of cases.entries()) expect(understood.get(OPTIONS[index] ?? '')).to.equal(value);
      expect([...understood.keys()].filter((name) => !OPTIONS.includes(name)).sort()).to.deep.equal([
        'parsable',
        'test-only',
        'verbose',
      ]);
    }
  });

  it('is shown unchanged by squeue (S-08)', async () => {
    // The controller rejects a longer comment, and reports an empty one as "(null)".
    const values = fc.sample(
      hostileLine().filter((value) => value !== '' && Buffer.byteLength(value) <= 1024),
      { numRuns: 40, seed },
    );
    const cluster = await sharedCluster();
    for (const value of values) {
      const script = renderDirectives([[value, (_option, placeholder) => `#SBATCH --comment=${placeholder}`]]);
      const submitted = await runSbatch(cluster.env, ['--parsable', '--hold'], script);

      const job = submitted.stdout.trim();
      const shown = await cluster.run('squeue', '--noheader', '--jobs', job, '--format', '%j|%u|%k');
      await cluster.run('scancel', job);

      expect(shown).to.equal(`sbatch|${userInfo().username}|${value}\n`, submitted.stderr);
    }
  });
});

type Case = readonly [value: string, spelling: (option: string, placeholder: string) => string];

function renderDirectives(cases: readonly Case[]): string {
  const lines = cases.map(([, spelling], index) => spelling(OPTIONS[index] ?? '', property(`v${index}`)));
  const values = Object.fromEntries(cases.map(([value], index) => [`v${index}`, value]));
  return parseTemplate(withDirectives(...lines), 'd.template').render(withProperties(values), noBlocks).script;
}

/** The options that sbatch reports. Nothing is submitted. */
async function askSbatch(env: Readonly<Record<string, string>>, script: string): Promise<Map<string, string>> {
  const { stderr } = await runSbatch(env, ['--test-only', '--verbose', '--parsable'], script);
  return new Map(
    [...stderr.matchAll(/^sbatch: ([a-z-]+) +: (.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** Whether sbatch accepts the script does not matter: no cluster has a partition with such a name. */
function runSbatch(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  script: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve) => {
    const options = { env: environmentFor(env['SLURM_CONF'] ?? '', process.env) };
    const sbatch = execFile('sbatch', args, options, (_failure, stdout, stderr) => resolve({ stdout, stderr }));
    sbatch.stdin?.end(script);
  });
}
