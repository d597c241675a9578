// Renders templates written for ClearML's own Slurm glue, and the examples of this repository, to valid bash.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { TemplateError } from '../../src/sbatch-template/errors.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import type { Variables } from '../../src/sbatch-template/template.ts';
import { emptyVariables } from './template-fixtures.ts';
import { GENERATIONS, parseDirectives } from './sbatch-model.ts';

const FIXTURES = new URL('../fixtures/templates/', import.meta.url);
const EXAMPLES = new URL('../../examples/', import.meta.url);

const BLOCKS = { preSetup: 'echo PRE', agentExecute: 'echo AGENT', postSetup: 'exit 0' };

const hostile = `it's "a" $(touch pwned) \`touch pwned\` # \\ --uid=0`;

/** A task with the fields that every task has; its name and its properties are hostile. */
const task: Variables = {
  ...emptyVariables,
  task: {
    id: '0123456789abcdef0123456789abcdef',
    name: hostile,
    project: 'p1',
    container: { image: 'nvcr.io/nvidia/pytorch:24.01-py3', arguments: '--nv' },
    hyperparams: { properties: { num_nodes: { value: '2' }, comment: { value: hostile } } },
  },
};

function templatesIn(folder: URL): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.template'));
}

function render(folder: URL, name: string, container = task.task['container']): string {
  const variables = { ...task, task: { ...task.task, container } };
  return parseTemplate(readFileSync(new URL(name, folder), 'utf8'), name).render(variables, BLOCKS).script;
}

for (const [whose, folder] of [
  ['a documented template', FIXTURES],
  ['an example template', EXAMPLES],
] as const) {
  describe(whose, () => {
    for (const name of templatesIn(folder)) {
      it(`renders to a script that bash and sbatch can parse: ${name}`, () => {
        const script = render(folder, name);

        execFileSync('bash', ['-n'], { input: script });
        for (const generation of GENERATIONS) expect(parseDirectives(script, generation)).to.be.an('array');
        for (const block of Object.values(BLOCKS)) expect(script.split(block)).to.have.length(2);
      });
    }
  });
}

describe("the template of ClearML's Deployment page", () => {
  it('is rendered without a change outside the placeholders', () => {
    const written = readFileSync(new URL('deployment.template', FIXTURES), 'utf8');
    const nodes = '${CLEARML_TASK.hyperparams.properties.num_nodes.value:1}';
    const expected = written
      .replaceAll('${CLEARML_TASK.id}', '0123456789abcdef0123456789abcdef')
      .replace('${CLEARML_PRE_SETUP}', BLOCKS.preSetup)
      .replace('${CLEARML_AGENT_EXECUTE}', BLOCKS.agentExecute)
      .replace('${CLEARML_POST_SETUP}', BLOCKS.postSetup);

    const one = parseTemplate(written, 'deployment.template').render(
      { ...task, task: { id: task.task['id'] } },
      BLOCKS,
    );

    expect(one.script).to.equal(expected.replace(nodes, '1'));
    expect(render(FIXTURES, 'deployment.template')).to.include('#SBATCH --nodes=2\n');
  });

  it('keeps a placeholder in a comment', () => {
    expect(render(FIXTURES, 'deployment-with-comments.template')).to.include(
      '# ${CLEARML_WORKER_ID}.\n# complex template variables  (default value separator ":")\n# ${CLEARML_TASK.id}\n',
    );
  });
});

describe('the renderer of a template that wraps srun in a function', () => {
  it('inserts the agent before CLEARML_POST_SETUP if the template omits CLEARML_AGENT_EXECUTE', () => {
    expect(render(FIXTURES, 'pyxis-srun.template')).to.match(/\n}\n\n\necho AGENT\nexit 0\n$/);
  });

  it('writes the image in Pyxis notation, and rejects an invalid image', () => {
    expect(render(FIXTURES, 'pyxis-srun.template')).to.include(
      `--container-image="docker://nvcr.io#nvidia/pytorch:24.01-py3" \\\n`,
    );
    const container = { image: `docker://${hostile}` };
    for (const name of ['pyxis-srun.template', 'pyxis-directives.template'])
      expect(() => render(FIXTURES, name, container)).to.throw(TemplateError, 'is not the name of an image');
  });
});
