// Checks that lint finds each problem at its line, nothing in a correct template, and everything that the renderer refuses.
import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync, readdirSync } from 'node:fs';
import { lintTemplate } from '../../src/lint/lint-template.ts';
import { RULES, severityOf } from '../../src/lint/lint-rules.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { property, errorOf, withDirectives, withBody } from '../sbatch-template/template-fixtures.ts';
import { CLEAN, TEMPLATE_PROBLEMS } from './template-problems.ts';

const EXAMPLES = new URL('../../examples/', import.meta.url);
const FIXTURES = new URL('../fixtures/templates/', import.meta.url);

/** `rule:line` of each finding. */
function findings(text: string): string[] {
  return lintTemplate('t.template', text).findings.map(({ rule, line }) => `${rule}:${line}`);
}

function templatesIn(folder: URL): [name: string, text: string][] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.template'))
    .map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]);
}

describe('lint', () => {
  it('finds no problem in a clean template', () => {
    expect(findings(CLEAN)).to.deep.equal([]);
  });

  for (const { rule, line, what, text } of TEMPLATE_PROBLEMS) {
    it(`reports the problem "${rule}"${rule.endsWith('-blank') ? ' (of a placeholder)' : ''} for: ${what.replaceAll('\n', ' ⏎ ')}`, () => {
      expect(findings(text)).to.deep.equal([`${rule}:${line}`]);
    });
  }

  it('has a test for each rule that needs no other program', () => {
    const seeded = new Set(TEMPLATE_PROBLEMS.map(({ rule }) => rule));
    const byPrograms = ['bash-syntax', 'shellcheck', 'sbatch-refuses', 'output-folder'];

    expect(Object.keys(RULES)).to.have.members([...seeded, ...byPrograms]);
  });

  it('finds all problems of one template at once', () => {
    const text = CLEAN.replace('#SBATCH --output', '#SBATCH --array=1-3\n#SBATCH --output')
      .replace('echo "task', 'echo ${CLEARML_TASK.naem|uper}\n#SBATCH --exclusive\necho "task')
      .replace('${CLEARML_POST_SETUP}', '');

    expect(findings(text)).to.have.members([
      'refused-option:3',
      'block-missing:8',
      'unknown-filter:11',
      'late-directive:12',
    ]);
  });

  for (const [name, text] of templatesIn(EXAMPLES)) {
    it(`finds no problem in examples/${name}`, () => {
      expect(findings(text)).to.deep.equal([]);
    });
  }

  for (const [name, text] of templatesIn(FIXTURES)) {
    it(`finds no error and no false warning in the documented template ${name}`, () => {
      const rules = lintTemplate(name, text).findings.map(({ rule }) => rule);

      // Slurm gives --priority to operators only; the Pyxis pages have no default image; one template is written for PBS.
      for (const rule of rules) expect(rule).to.be.oneOf(['priority', 'job-name', 'no-default', 'other-scheduler']);
    });
  }

  it('starts each message with a capital letter, an option or the name of a program', () => {
    for (const { text } of TEMPLATE_PROBLEMS) {
      for (const { sentence } of lintTemplate('t.template', text).findings) {
        expect(sentence).to.match(/^(?:[^a-z]|bash|sbatch|srun|ssh|hetjob|apptainer|singularity)[^]*[.?]$/);
      }
    }
  });

  it('shows no secret in its findings', () => {
    const secrets = /aBcD1234|hunter22|IOSFODNN/;

    for (const { text } of TEMPLATE_PROBLEMS) {
      expect(JSON.stringify(lintTemplate('t.template', text).findings)).not.to.match(secrets);
    }
  });

  it('reports each error of the template parser with the same rule and line', () => {
    const pieces = fc.constantFrom(
      ...TEMPLATE_PROBLEMS.filter(({ text }) => text.length < 10_000).map(({ text }) => text),
    );
    const cut = fc.tuple(pieces, fc.nat(), fc.nat(40)).map(([text, at, length]) => {
      const from = at % text.length;
      return text.slice(0, from) + text.slice(from + length);
    });
    const mixed = fc.tuple(cut, cut).map(([first, second]) => {
      const lines = second.split('\n');
      return first
        .split('\n')
        .map((line, index) => (index % 2 === 0 ? line : (lines[index] ?? line)))
        .join('\n');
    });

    fc.assert(
      fc.property(fc.oneof(cut, mixed), (text) => {
        const problem = errorOf(() => parseTemplate(text, 't.template'));
        const { findings } = lintTemplate('t.template', text);
        if (problem === undefined) return;
        const same = findings.find(({ rule, line }) => rule === problem.rule && line === problem.line);
        expect(same, problem.message).not.to.equal(undefined);
        if (same !== undefined && same.rule !== 'no-default') expect(severityOf(same)).to.equal('error');
      }),
      { numRuns: 500 },
    );
  });
});

describe('lint', () => {
  for (const line of [
    '#SBATCH --comment="a # in quotes"',
    '#SBATCH --container-image="docker://nvcr.io#nvidia/pytorch:24.01-py3"',
    '#SBATCH --container-image=nvcr.io\\#nvidia/pytorch:24.01-py3',
    '#SBATCH --container-image=docker://python:3.12',
    '#SBATCH --container-image=/images/train.sqsh',
    '#SBATCH --partition gpu # the big ones',
    '#SBATCH --export=ALL,SITE=north',
    '# #SBATCH --mem=1mb',
    '# SBATCH is the word that sbatch looks for',
    '#SBATCH --nice=100',
    `#SBATCH --mem=${property('memory', ':8G')}`,
    '#SBATCH --mem=${CLEARML_TASK.hyperparams.memory.value:8G}',
    '#SBATCH --comment=${CLEARML_TASK.hyperparams.General.lr.value:1}',
    '#SBATCH --comment=${CLEARML_CONFIG.agent.site.name:here}',
  ]) {
    it(`finds no problem in: ${line}`, () => {
      expect(findings(withDirectives(line))).to.deep.equal([]);
    });
  }

  for (const body of [
    'echo "$CLEARML_WORKER_ID ${CLEARML_API_HOST:-none} $CLEARML_CONFIG_FILE"',
    'ssh login1 "mkdir -p /logs/${CLEARML_TASK.id}"',
    'export HF_TOKEN=$(cat ~/.hf) TOKENIZERS_PARALLELISM=false MAX_TOKENS=1000000000',
    'export WANDB_API_KEY="$KEY" SECRET_FILE=/etc/site/secret.txt',
    'sleep $((60 * ${CLEARML_TASK.hyperparams.Args.minutes.value:5}))',
    'srun hostname',
    '# ${CLEARML_TASK.naem} in a comment',
    'singularity --version',
  ]) {
    it(`finds no problem in: ${body}`, () => {
      expect(findings(withBody(body))).to.deep.equal([]);
    });
  }

  it('accepts srun before the agent if the job may have several nodes', () => {
    const text = withDirectives(`#SBATCH --nodes=${property('num_nodes', ':1')}`).replace(
      '${CLEARML_AGENT_EXECUTE}',
      'srun singularity exec ${CLEARML_AGENT_EXECUTE}',
    );

    expect(findings(text)).to.deep.equal([]);
  });

  it('accepts a container command without GPU options even if the job has GPUs', () => {
    const text = withDirectives('#SBATCH --gpus=1').replace(
      '${CLEARML_AGENT_EXECUTE}',
      'singularity exec ${CLEARML_AGENT_EXECUTE}',
    );

    expect(findings(text)).to.deep.equal([]);
  });

  it('accepts "module load" in a login shell, or after a definition of the command "module"', () => {
    const text = withBody('module load python');

    expect(findings(text)).to.deep.equal([
      'module-without-profile:' + String(text.split('\n').indexOf('module load python') + 1),
    ]);
    expect(findings(text.replace('#!/bin/bash', '#!/bin/bash -l'))).to.deep.equal([]);
    expect(findings(text.replace('module load', '. /etc/profile.d/modules.sh\nmodule load'))).to.deep.equal([]);
    expect(findings(text.replace('module load', 'module() { :; }\nmodule load'))).to.deep.equal([]);
  });

  it('reports the directives of another scheduler only once', () => {
    const lint = lintTemplate('t', withDirectives('#PBS -l walltime=1', '#PBS -q gpu', '#PBS -A lab'));

    expect(lint.findings.map(({ sentence }) => sentence)).to.deep.equal([
      'This and 2 more #PBS lines have no effect: the daemon submits with --ignore-pbs.',
    ]);
  });

  it('accepts --export=NONE if the script loads a profile', () => {
    const text = withDirectives('#SBATCH --export=NONE');

    expect(findings(text.replace('#!/bin/bash', '#!/bin/bash -l'))).to.deep.equal([]);
    expect(findings(text.replace('${CLEARML_PRE', 'source /etc/profile\n${CLEARML_PRE'))).to.deep.equal([]);
  });
});
