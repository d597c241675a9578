// Images in templates for Pyxis: the value of the option in a directive, as sbatch reads it, and in a command, as bash reads it.
import { expect } from 'chai';
import { parseTemplate } from '../../../src/sbatch-template/parse-template.ts';
import { toPyxisImage } from '../../../src/sbatch-template/containers/write-pyxis-image.ts';
import { runInBash } from '../run-in-bash.ts';
import { emptyVariables } from '../template-fixtures.ts';
import { GENERATIONS, parseDirectives } from '../sbatch-model.ts';

const BLOCKS = { preSetup: ':', agentExecute: ':', postSetup: 'exit 0' };

function render(template: string, image: string): string {
  const variables = { ...emptyVariables, task: { container: { image } } };
  return parseTemplate(template, 'pyxis.template').render(variables, BLOCKS).script;
}

describe('the conversion of an image name to Pyxis notation', () => {
  for (const [written, given] of [
    ['python:3.12', 'python:3.12'],
    ['docker://python:3.12', 'docker://python:3.12'],
    ['docker://nvcr.io/nvidia/pytorch:24.01-py3', 'docker://nvcr.io#nvidia/pytorch:24.01-py3'],
    ['nvcr.io/nvidia/pytorch:24.01-py3', 'docker://nvcr.io#nvidia/pytorch:24.01-py3'],
    ['docker://nvcr.io#nvidia/pytorch:24.01-py3', 'docker://nvcr.io#nvidia/pytorch:24.01-py3'],
    ['127.0.0.1:5000/team/train', 'docker://127.0.0.1:5000#team/train'],
    ['docker://me@nvcr.io/team/x:1', 'docker://me@nvcr.io#team/x:1'],
    ['me@nvcr.io/team/x:1', 'docker://me@nvcr.io#team/x:1'],
    ['docker://$oauthtoken@nvcr.io#team/x:1', 'docker://$oauthtoken@nvcr.io#team/x:1'],
    ['docker://$oauthtoken@nvcr.io/team/x@sha256:ab', 'docker://$oauthtoken@nvcr.io#team/x@sha256:ab'],
    ['docker://me@team/train', 'docker://me@team/train'],
    ['docker.io/library/python', 'docker.io/library/python'],
    ['team/train', 'team/train'],
    ['/images/x.sqsh', '/images/x.sqsh'],
    ['./x.sqsh', './x.sqsh'],
    ['dockerd://nvcr.io/x', 'dockerd://nvcr.io/x'],
  ] as const) {
    it(written === given ? `does not change ${written}` : `changes ${written} to ${given}`, () => {
      expect(toPyxisImage(written)).to.equal(given);
      expect(toPyxisImage(given)).to.equal(given);
    });
  }

  it('keeps the "#" of a converted name in an #SBATCH line', () => {
    const script = render(
      '#!/bin/bash\n#SBATCH --container-image=${CLEARML_TASK.container.image}\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
      'nvcr.io/nvidia/pytorch:24.01-py3',
    );
    for (const generation of GENERATIONS) {
      expect(parseDirectives(script, generation)).to.deep.equal([
        '--container-image=docker://nvcr.io#nvidia/pytorch:24.01-py3',
      ]);
    }
  });

  it('keeps the "#" of a converted name in an srun option, with and without quotes', async () => {
    const template =
      '#!/bin/bash\n${CLEARML_PRE_SETUP}\nshow a --container-image="${CLEARML_TASK.container.image}" x\n' +
      'show b --container-image=${CLEARML_TASK.container.image}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';
    const { shown } = await runInBash(render(template, 'docker://nvcr.io/nvidia/pytorch:24.01-py3'));
    const option = '--container-image=docker://nvcr.io#nvidia/pytorch:24.01-py3';
    expect([...shown]).to.deep.equal([
      ['a', [option, 'x']],
      ['b', [option]],
    ]);
  });

  it('does not change a name outside --container-image or inside a longer word', () => {
    const template =
      '#!/bin/bash\n${CLEARML_PRE_SETUP}\necho --container-image=x/${CLEARML_TASK.container.image} ${CLEARML_TASK.container.image}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';
    expect(render(template, 'nvcr.io/a')).to.include('echo --container-image=x/nvcr.io/a nvcr.io/a\n');
  });
});
