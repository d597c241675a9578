// The signal before the time limit that a template requests, and where the command begins that the job must run beside its shell.
import { expect } from 'chai';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { emptyVariables, noBlocks, withDirectives } from './template-fixtures.ts';

describe('the signal forwarder in the job script', () => {
  for (const [directives, signal] of [
    ['#SBATCH --signal=B:USR1@120', 'USR1'],
    ['#SBATCH --signal B:SIGUSR2', 'USR2'],
    ['#SBATCH --sig=B:USR1@60', 'USR1'],
    ['#SBATCH --si B:USR2@60', 'USR2'],
    ['#SBATCH --signal=BR:usr1@60', 'USR1'],
    ['#SBATCH --signal=RB:12@60', 'USR2'],
    ['#SBATCH --signal=B:10@${CLEARML_TASK.hyperparams.properties.notice.value:60}', 'USR1'],
    ['#SBATCH --signal=B:USR1\n#SBATCH --signal=B:USR2', 'USR2'],
    // Slurm does not send these to the batch shell, or a program ends the job on them.
    ['#SBATCH --signal=USR1@120', undefined],
    ['#SBATCH --signal=R:USR1@120', undefined],
    ['#SBATCH --signal=B:TERM@120', undefined],
    ['#SBATCH --comment=B:USR1', undefined],
    ['#SBATCH --signals=B:USR1', undefined],
  ] as const) {
    it(`forwards ${signal ?? 'no signal'} to the agent if the template contains ${directives.replaceAll('\n', ' ⏎ ')}`, () => {
      expect(parseTemplate(withDirectives(directives), 't').forwardedSignal).to.equal(signal);
    });
  }

  for (const [command, rendered] of [
    ['${CLEARML_AGENT_EXECUTE}', 'forward agent'],
    ['srun singularity exec --nv ${CLEARML_AGENT_EXECUTE}', 'forward srun singularity exec --nv agent'],
    ['A=1 B="$(echo 2)" nice ${CLEARML_AGENT_EXECUTE}', 'A=1 B="$(echo 2)" forward nice agent'],
    ['if true; then nice \\\n  ${CLEARML_AGENT_EXECUTE}\nfi', 'if true; then forward nice \\\n  agent\nfi'],
  ] as const) {
    it(`is inserted before the command name in: ${command.replaceAll('\n', ' ⏎ ')}`, () => {
      const template = withDirectives().replace('${CLEARML_AGENT_EXECUTE}', () => command);
      const blocks = { ...noBlocks, agentExecute: 'agent', beforeAgent: 'forward ' };

      const { script } = parseTemplate(template, 't').render(emptyVariables, blocks);

      expect(script).to.equal(`#!/bin/bash\n\n:\n${rendered}\n:\n`);
    });
  }

  it('is inserted before the agent if the template omits CLEARML_AGENT_EXECUTE', () => {
    const template = '#!/bin/bash\n${CLEARML_PRE_SETUP}\nsrun() { command srun "$@"; }\n${CLEARML_POST_SETUP}\n';
    const blocks = { ...noBlocks, agentExecute: 'agent', beforeAgent: 'forward ' };

    const { script } = parseTemplate(template, 't').render(emptyVariables, blocks);

    expect(script).to.include('}\nforward agent\n:\n');
  });
});
