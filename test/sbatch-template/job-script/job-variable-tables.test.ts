// The table of environment variables lists exactly those that the job script reads and exports.
import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { READ_BY_JOB, SET_BY_JOB } from '../../../src/sbatch-template/job-script/job-variable-tables.ts';

const TEMPLATES = new URL('../../../templates/', import.meta.url);

const script = readdirSync(TEMPLATES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.sh.mustache'))
  .map((name) => readFileSync(new URL(name, TEMPLATES), 'utf8'))
  .join('');

/** Variables of the shell, of Slurm, of the blocks among themselves, and one that is only kept for pip. */
const OTHERS = /^(?:EUID$|PYTHONPATH$|SLURM_(?!TMPDIR)|SLURMD_|CLEARML_SLURM_)/;

/** Read by the agent's HTTP client and by the shell: the script need not name them. */
const READ_BY_PROGRAMS = [
  'CLEARML_API_ACCESS_KEY',
  'PATH',
  'REQUESTS_CA_BUNDLE',
  'http_proxy',
  'https_proxy',
  'no_proxy',
];

function namesIn(table: typeof READ_BY_JOB): string[] {
  return table.flatMap(({ names }) => names);
}

describe('the table of environment variables', () => {
  it('lists exactly the variables that the job script reads', () => {
    const read = [...script.matchAll(/\$\{([A-Z]\w*):[-+]/g)].map(([, name = '']) => name);
    const expected = new Set([...read.filter((name) => !OTHERS.test(name)), ...READ_BY_PROGRAMS]);

    expect(namesIn(READ_BY_JOB)).to.have.members([...expected]);
  });

  it('lists exactly the variables that the job script exports', () => {
    const exported = [...script.matchAll(/^ *export (.*)$/gm)].flatMap(([, words = '']) =>
      [...words.matchAll(/(?:^| )([A-Z]\w*)=/g)].map(([, name = '']) => name),
    );
    const assigned = [...script.matchAll(/^ *export (\w+)$/gm)].map(([, name = '']) => name);
    const keptFromTemplate = [...script.matchAll(/export (\w+)="\$\{\1:-/g)].map(([, name = '']) => name);
    const expected = new Set([...exported, ...assigned].filter((name) => !keptFromTemplate.includes(name)));

    expect(namesIn(SET_BY_JOB)).to.have.members([...expected]);
  });
});
